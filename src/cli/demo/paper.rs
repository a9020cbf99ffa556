//! Papers that stand for the documents of a case: a page that says what it stands for, and the pictures of its site.

macro_rules! photo {
    ($region:literal, $year:literal, $kind:literal, $file:literal) => {
        (
            $region,
            $year,
            $kind,
            include_bytes!(concat!("../../../data/cases/photos/", $file, ".jpg")).as_slice(),
        )
    };
}

/// The pictures of the cases' sites: region and fiscal year, type of document, bytes.
const PHOTOS: [(&str, i64, &str, &[u8]); 10] = [
    photo!("18.71", 2021, "photo_0", "bandar-lampung-tapis-2021-0"),
    photo!("18.71", 2021, "photo_visit", "bandar-lampung-tapis-2021-visit"),
    photo!("18.71", 2021, "photo_50", "bandar-lampung-tapis-2021-50"),
    photo!("18.71", 2021, "photo_100", "bandar-lampung-tapis-2021-100"),
    photo!("35.26", 2018, "photo_visit", "bangkalan-2018-visit"),
    photo!("35.26", 2019, "photo_visit", "bangkalan-2019-visit"),
    photo!("18.04", 2021, "photo_0", "lampung-barat-2021-0"),
    photo!("18.04", 2021, "photo_visit", "lampung-barat-2021-visit"),
    photo!("18.04", 2021, "photo_50", "lampung-barat-2021-50"),
    photo!("18.04", 2021, "photo_100", "lampung-barat-2021-100"),
];

/// The picture of a case's site.
pub fn photo(region: &str, fiscal_year: i64, document_type: &str) -> Option<&'static [u8]> {
    let found = PHOTOS
        .iter()
        .find(|(of, year, kind, _)| (*of, *year, *kind) == (region, fiscal_year, document_type));
    found.map(|(_, _, _, bytes)| *bytes)
}

/// A page (PDF 1.4) with some lines of text. What Latin-1 has no letter for is left out.
pub fn page(lines: &[&str]) -> Vec<u8> {
    let mut text = String::from("BT /F1 12 Tf 72 770 Td 16 TL\n");
    for line in lines {
        let plain = line.replace(['\\', '(', ')'], " ");
        text.push_str(&format!("({plain}) Tj T*\n"));
    }
    text.push_str("ET");
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R \
         /Resources << /Font << /F1 5 0 R >> >> >>"
            .to_owned(),
        format!("<< /Length {} >>\nstream\n{text}\nendstream", latin(&text).len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
            .to_owned(),
    ];
    let mut bytes = b"%PDF-1.4\n".to_vec();
    let mut places = String::new();
    for (number, object) in (1..).zip(&objects) {
        places.push_str(&format!("{:010} 00000 n \n", bytes.len()));
        bytes.extend(latin(&format!("{number} 0 obj\n{object}\nendobj\n")));
    }
    let (start, count) = (bytes.len(), objects.len().saturating_add(1));
    let end = format!(
        "xref\n0 {count}\n0000000000 65535 f \n{places}trailer\n<< /Size {count} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n"
    );
    bytes.extend(latin(&end));
    bytes
}

fn latin(text: &str) -> Vec<u8> {
    text.chars().filter_map(|c| u8::try_from(u32::from(c)).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_object_of_a_page_stands_where_its_table_says() {
        let bytes = page(&["Kerangka acuan (KAK)", "Sentra Caf\u{e9} \u{2014} 2021"]);
        let text = String::from_utf8_lossy(&bytes);
        let table = text.rsplit_once("xref\n0 6\n").expect("a table").1;
        for (number, line) in (1..=5).zip(table.lines().skip(1)) {
            let place: usize = line[..10].parse().expect("a place");
            let object = format!("{number} 0 obj");
            assert!(bytes[place..].starts_with(object.as_bytes()), "{number} at {place}");
        }
    }
}
