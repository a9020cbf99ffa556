//! Rows whose texts are read into one place, one behind the other. A trail has hundreds of thousands of rows of twenty columns:
//! a string for each column took a third of the time of whatever is done with all of them.

use crate::domain::moment::Moment;
use chrono::NaiveDate;
use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql};
use diesel::pg::Pg;
use diesel::result::UnexpectedNullError;
use diesel::row::{Field, Row};
use diesel::sql_types::{BigInt, Date, Text, Timestamp};
use diesel::sqlite::{Sqlite, SqliteType};
use std::marker::PhantomData;

/// Room for the texts of most rows of the trail.
const ROOM: usize = 2_048;

/// Where a text of a row stands among its texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    from: usize,
    to: usize,
}

/// A row, and its texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packed<R> {
    /// What is no text of it, and where its texts stand.
    pub row: R,
    texts: String,
    /// Whether each of its values is kept as its column says; SQLite takes any value in any column.
    pub is_kept: bool,
}

impl<R> Packed<R> {
    /// One of its texts.
    pub fn text(&self, span: Span) -> &str {
        self.texts.get(span.from..span.to).unwrap_or_default()
    }
}

/// How values come from a database.
pub trait Source: Backend {
    /// Whether a value is kept as text.
    fn is_text(value: &Self::RawValue<'_>) -> bool;

    /// Whether a value is kept as a whole number.
    fn is_number(value: &Self::RawValue<'_>) -> bool;

    /// Appends what a value is as text; what is no text has marks in the place of what is none.
    fn append(value: Self::RawValue<'_>, texts: &mut String) -> deserialize::Result<()>;

    /// Fails where a value that is kept as text is none.
    fn letters(value: Self::RawValue<'_>) -> deserialize::Result<()>;

    /// What a value is as a whole number.
    fn number(value: Self::RawValue<'_>) -> deserialize::Result<i64>;

    /// What a value is as a moment.
    fn moment(value: Self::RawValue<'_>) -> deserialize::Result<Moment>;

    /// What a value is as a day, and whether it is written as days are here.
    fn day(value: Self::RawValue<'_>) -> deserialize::Result<(NaiveDate, bool)>;
}

impl Source for Sqlite {
    fn is_text(value: &Self::RawValue<'_>) -> bool {
        matches!(value.value_type(), Some(SqliteType::Text))
    }

    fn is_number(value: &Self::RawValue<'_>) -> bool {
        matches!(value.value_type(), Some(SqliteType::Long))
    }

    fn append(mut value: Self::RawValue<'_>, texts: &mut String) -> deserialize::Result<()> {
        texts.push_str(value.read_text());
        Ok(())
    }

    fn letters(value: Self::RawValue<'_>) -> deserialize::Result<()> {
        <String as FromSql<Text, Self>>::from_sql(value).map(|_| ())
    }

    fn number(value: Self::RawValue<'_>) -> deserialize::Result<i64> {
        <i64 as FromSql<BigInt, Self>>::from_sql(value)
    }

    fn moment(value: Self::RawValue<'_>) -> deserialize::Result<Moment> {
        <Moment as FromSql<Timestamp, Self>>::from_sql(value)
    }

    fn day(mut value: Self::RawValue<'_>) -> deserialize::Result<(NaiveDate, bool)> {
        let written = value.read_text().to_owned();
        let day = <NaiveDate as FromSql<Date, Self>>::from_sql(value)?;
        Ok((day, day.to_string() == written))
    }
}

/// PostgreSQL keeps in a column what the column is of.
impl Source for Pg {
    fn is_text(_: &Self::RawValue<'_>) -> bool {
        true
    }

    fn is_number(_: &Self::RawValue<'_>) -> bool {
        true
    }

    fn append(value: Self::RawValue<'_>, texts: &mut String) -> deserialize::Result<()> {
        texts.push_str(str::from_utf8(value.as_bytes())?);
        Ok(())
    }

    fn letters(_: Self::RawValue<'_>) -> deserialize::Result<()> {
        Ok(())
    }

    fn number(value: Self::RawValue<'_>) -> deserialize::Result<i64> {
        <i64 as FromSql<BigInt, Self>>::from_sql(value)
    }

    fn moment(value: Self::RawValue<'_>) -> deserialize::Result<Moment> {
        <Moment as FromSql<Timestamp, Self>>::from_sql(value)
    }

    fn day(value: Self::RawValue<'_>) -> deserialize::Result<(NaiveDate, bool)> {
        Ok((<NaiveDate as FromSql<Date, Self>>::from_sql(value)?, true))
    }
}

/// Reads the columns of a row in their order.
#[derive(Debug)]
pub struct Columns<'r, R, DB> {
    row: &'r R,
    next: usize,
    texts: String,
    is_kept: bool,
    database: PhantomData<DB>,
}

impl<'a, R: Row<'a, DB>, DB: Source> Columns<'_, R, DB> {
    /// Reads the next column, of which there may be nothing.
    fn next<T>(
        &mut self,
        is_kept: impl FnOnce(&DB::RawValue<'_>) -> bool,
        read: impl FnOnce(&mut String, DB::RawValue<'_>) -> deserialize::Result<T>,
    ) -> deserialize::Result<Option<T>> {
        let row = self.row;
        let field = row.get(self.next).ok_or("a row has fewer columns than are read")?;
        self.next = self.next.saturating_add(1);
        let Some(value) = field.value() else { return Ok(None) };
        self.is_kept &= is_kept(&value);
        read(&mut self.texts, value).map(Some)
    }

    /// A text, or nothing.
    pub fn maybe(&mut self) -> deserialize::Result<Option<Span>> {
        self.next(DB::is_text, |texts, value| {
            let from = texts.len();
            DB::append(value, texts)?;
            Ok(Span { from, to: texts.len() })
        })
    }

    /// A text.
    pub fn text(&mut self) -> deserialize::Result<Span> {
        Ok(self.maybe()?.ok_or(UnexpectedNullError)?)
    }

    /// A whole number, or nothing.
    pub fn maybe_number(&mut self) -> deserialize::Result<Option<i64>> {
        self.next(DB::is_number, |_, value| DB::number(value))
    }

    /// A whole number.
    pub fn number(&mut self) -> deserialize::Result<i64> {
        Ok(self.maybe_number()?.ok_or(UnexpectedNullError)?)
    }

    /// A day.
    pub fn day(&mut self) -> deserialize::Result<NaiveDate> {
        let day = self.next(DB::is_text, |_, value| DB::day(value))?;
        let (day, is_kept) = day.ok_or(UnexpectedNullError)?;
        self.is_kept &= is_kept;
        Ok(day)
    }

    /// A moment.
    pub fn moment(&mut self) -> deserialize::Result<Moment> {
        let moment = self.next(DB::is_text, |_, value| DB::moment(value))?;
        Ok(moment.ok_or(UnexpectedNullError)?)
    }

    /// Passes by columns of a row that is not there.
    pub fn pass(&mut self, count: usize) {
        self.next = self.next.saturating_add(count);
    }

    /// What was read so far.
    pub fn at(&self, span: Span) -> &str {
        self.texts.get(span.from..span.to).unwrap_or_default()
    }

    /// Whether all texts of the row are texts. What is read as they are has a mark where bytes were none, and a text may
    /// have had the mark itself: only then is each read once more, in a way that fails.
    fn are_letters(&self) -> deserialize::Result<()> {
        if self.texts.contains(char::REPLACEMENT_CHARACTER) {
            for place in 0..self.next {
                let field = self.row.get(place).ok_or("a row has fewer columns than are read")?;
                field.value().filter(DB::is_text).map_or(Ok(()), DB::letters)?;
            }
        }
        Ok(())
    }
}

/// What is read column by column.
pub trait Read: Sized {
    /// Reads it.
    fn read<'a, R: Row<'a, DB>, DB: Source>(
        columns: &mut Columns<'_, R, DB>,
    ) -> deserialize::Result<Self>;
}

/// Reads a row whole.
pub(super) fn row<'a, T: Read, R: Row<'a, DB>, DB: Source>(
    row: &R,
) -> deserialize::Result<Packed<T>> {
    let texts = String::with_capacity(ROOM);
    let mut columns = Columns { row, next: 0, texts, is_kept: true, database: PhantomData };
    let read = T::read(&mut columns)?;
    if columns.next != row.field_count() {
        return Err("a row has more columns than are read".into());
    }
    columns.are_letters()?;
    let Columns { texts, is_kept, .. } = columns;
    Ok(Packed { row: read, texts, is_kept })
}

/// Lets a row be read from a statement of columns of some types, on both databases.
macro_rules! packed {
    ($row:ty, $columns:ty) => {
        $crate::storage::packed::packed!($row, $columns, diesel::pg::Pg);
        $crate::storage::packed::packed!($row, $columns, diesel::sqlite::Sqlite);
    };
    ($row:ty, $columns:ty, $database:ty) => {
        impl diesel::deserialize::FromSqlRow<$columns, $database>
            for $crate::storage::packed::Packed<$row>
        {
            fn build_from_row<'a>(
                row: &impl diesel::row::Row<'a, $database>,
            ) -> diesel::deserialize::Result<Self> {
                $crate::storage::packed::row(row)
            }
        }
    };
}
pub(super) use packed;
