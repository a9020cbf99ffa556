//! The tree: roots and proofs against the definition of RFC 6962, and against roots that others computed.
#![expect(clippy::as_conversions, reason = "the numbers of a test are small")]
use super::*;
use proptest::prelude::*;

/// The tree as the RFC defines it, by recursion over all leaves.
fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Hash::of(b""),
        [one] => *one,
        several => {
            let (left, right) = several.split_at(split(several.len() as u64) as usize);
            Hash::node(root(left), root(right))
        }
    }
}

fn leaves(count: u64) -> Vec<Hash> {
    (0..count).map(|n| Hash::leaf(&n.to_be_bytes())).collect()
}

fn of(leaves: &[Hash], part: Part) -> Hash {
    root(&leaves[part.begin as usize..part.end as usize])
}

#[test]
fn the_roots_are_those_of_the_reference_implementation() {
    // The leaves and roots of the Certificate Transparency project's own test (merkle_tree_test.cc).
    let data: [&[u8]; 8] = [
        b"",
        &[0x00],
        &[0x10],
        &[0x20, 0x21],
        &[0x30, 0x31],
        &[0x40, 0x41, 0x42, 0x43],
        &[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
        &[
            0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d,
            0x6e, 0x6f,
        ],
    ];
    let roots = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    let mut growing = Growing::default();
    assert_eq!(
        growing.root().to_string(),
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    );
    for (bytes, expected) in data.iter().zip(roots) {
        growing.push(Hash::leaf(bytes));
        assert_eq!(growing.root().to_string(), expected);
    }
}

#[test]
fn each_leaf_of_each_small_tree_is_proved_and_no_other_is() {
    for size in 0..40_u64 {
        let all = leaves(size);
        let whole = Part { begin: 0, end: size };
        let edge: Vec<Hash> = whole
            .subtrees()
            .into_iter()
            .map(|one| {
                let begin = one.index * one.leaves();
                of(&all, Part { begin, end: begin + one.leaves() })
            })
            .collect();
        assert_eq!(Part::root(&edge), root(&all), "{size}");
        assert_eq!(inclusion(size, size), None);
        for index in 0..size {
            let path: Vec<Hash> =
                inclusion(index, size).expect("in it").into_iter().map(|p| of(&all, p)).collect();
            let leaf = all[index as usize];
            assert_eq!(root_of_inclusion(leaf, index, size, &path), Some(root(&all)));
            let other = Hash::leaf(b"another");
            assert_ne!(root_of_inclusion(other, index, size, &path), Some(root(&all)));
            assert_eq!(root_of_inclusion(leaf, index, size, &[path, vec![other]].concat()), None);
        }
    }
}

#[test]
fn each_small_tree_is_proved_to_continue_each_before_it_and_no_other() {
    let all = leaves(40);
    for to in 0..=40_u64 {
        assert_eq!(consistency(0, to), None);
        for from in 1..=to {
            let path: Vec<Hash> =
                consistency(from, to).expect("before it").iter().map(|p| of(&all, *p)).collect();
            let old = (from, root(&all[..from as usize]));
            let new = (to, root(&all[..to as usize]));
            assert!(is_consistent(old, new, &path), "{from} {to}");
            let other = Hash::leaf(b"another");
            assert!(!is_consistent((from, other), new, &path), "{from} {to}");
            assert!(!is_consistent(old, (to, other), &path), "{from} {to}");
        }
        assert_eq!(consistency(to + 1, to), None);
    }
}

#[test]
fn a_tree_that_was_changed_is_not_proved_to_continue_the_one_before() {
    let (before, mut after) = (leaves(11), leaves(29));
    after[4] = Hash::leaf(b"another");
    let path: Vec<Hash> =
        consistency(11, 29).expect("before it").iter().map(|p| of(&after, *p)).collect();
    assert!(!is_consistent((11, root(&before)), (29, root(&after)), &path));
}

proptest! {
    #[test]
    fn a_proof_is_logarithmic_and_made_of_few_whole_subtrees(size in 1..u64::MAX / 2, at in 0.0..1.0_f64) {
        let index = ((size - 1) as f64 * at) as u64;
        let path = inclusion(index.min(size - 1), size).expect("in it");
        prop_assert!(path.len() <= 64);
        let subtrees: usize = path.iter().map(|part| part.subtrees().len()).sum();
        prop_assert!(subtrees <= 128, "{subtrees}");
    }

    #[test]
    fn what_is_no_hash_is_not_read_as_one(text in "[0-9a-fA-F]{62,66}") {
        match Hash::from_hex(&text) {
            Some(hash) => prop_assert_eq!(hash.to_string(), text),
            None => prop_assert!(text.len() != 64 || text.bytes().any(|b| b.is_ascii_uppercase())),
        }
    }
}
