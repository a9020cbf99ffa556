//! Strands are laid together by place, each is looked at no oftener than it takes, and whoever goes on misses nothing.

use super::*;
use crate::domain::ids::ProposalId;
use crate::domain::moment::Moment;
use crate::domain::people::Sight;
use crate::domain::question::RowKind;
use crate::service::outbox::tests::Desk as Database;
use crate::service::question::Looked;
use std::cell::Cell;
use uuid::Uuid;

thread_local! {
    static LOOKS: Cell<(usize, usize)> = const { Cell::new((0, 0)) };
}

fn id(n: u128) -> ProposalId {
    ProposalId(Uuid::from_u128(n))
}

/// The next of some proposals within bounds; of each hundredth something is told.
fn next_of(all: impl Iterator<Item = u128>, bounds: &Bounds<'_>, every: u128) -> Vec<Looked> {
    let lies_within = |n: &u128| match &bounds.start {
        Start::Beginning => true,
        Start::At(from) => id(*n) >= *from,
        Start::Beyond(last) | Start::Past(last, _) => id(*n) > *last,
    };
    let look = |n: u128| {
        let told = n.is_multiple_of(every).then(|| Told::new(id(n), n.to_string()));
        Looked { proposal: id(n), key: String::new(), told }
    };
    let limit = usize::try_from(bounds.limit).expect("a limit");
    all.filter(lies_within).take(limit).map(look).collect()
}

fn many(_: &mut AnyConnection, _: &mut Desk, bounds: &Bounds<'_>) -> Result<Vec<Looked>, Error> {
    LOOKS.set((LOOKS.get().0 + 1, LOOKS.get().1));
    Ok(next_of(1..=1_100, bounds, 100))
}

fn few(_: &mut AnyConnection, _: &mut Desk, bounds: &Bounds<'_>) -> Result<Vec<Looked>, Error> {
    LOOKS.set((LOOKS.get().0, LOOKS.get().1 + 1));
    Ok(next_of([50, 600, 1_050].into_iter(), bounds, 1))
}

const QUESTION: Question = Question {
    number: 0,
    slug: "test",
    kind: RowKind::Fact,
    question_id: "",
    question_en: "",
    row: "",
    basis: "",
    of_one: false,
    strands: &[few, many],
};

/// What is told from a place on, how often each strand was looked at, and where it ended.
fn told(
    database: &Database,
    after: Option<RowPlace>,
    most: usize,
    rows: usize,
) -> (Vec<String>, (usize, usize), Option<RowPlace>) {
    LOOKS.set((0, 0));
    let mut found = Vec::new();
    let walked = database.sv.db.read(|tx| {
        let mut desk = Desk::new(Moment::default(), Sight::default());
        let within = (after.clone(), most);
        walk(tx, &mut desk, (&QUESTION, &Scope::default()), within, |_, _, _, told| {
            if found.len() == rows {
                return Ok(ControlFlow::Break(()));
            }
            found.push(told.says);
            Ok(ControlFlow::Continue(()))
        })
    });
    let (many, few) = LOOKS.get();
    (found, (few, many), walked.expect("walked"))
}

#[test]
fn a_strand_that_was_read_to_its_end_is_not_looked_at_again_while_others_go_on() {
    let database = Database::new();
    let (found, looks, next) = told(&database, None, 4, 50);
    let expected =
        ["50", "100", "200", "300", "400", "500", "600", "600", "700", "800", "900", "1000"];
    assert_eq!(found, expected);
    assert_eq!(looks, (1, 4), "a thousand candidates of one strand, all three of the other");
    let next = next.expect("there is more");
    assert_eq!((next.proposal, next.strand), (id(1_000), 1));
    let (found, looks, next) = told(&database, Some(next), 4, 50);
    assert_eq!((found, looks, next), (vec!["1050".to_owned(), "1100".to_owned()], (1, 1), None));
}

#[test]
fn pages_of_any_size_tell_everything_once_and_in_order() {
    let database = Database::new();
    let (whole, _, next) = told(&database, None, usize::MAX, usize::MAX);
    assert_eq!((whole.len(), next), (14, None));
    for (most, rows) in [(1, 1), (1, 50), (2, 3), (4, 1)] {
        let (mut all, mut after, mut pages) = (Vec::new(), None, 0);
        loop {
            let (found, _, next) = told(&database, after, most, rows);
            all.extend(found);
            pages += 1;
            assert!(pages < 50, "it never ends");
            let Some(place) = next else { break };
            after = Some(place);
        }
        assert_eq!(all, whole, "{most} steps, {rows} rows");
    }
}
