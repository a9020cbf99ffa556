//! Nothing imports upward: every path in the source is held against the table of layers.

use std::fs;
use std::path::{Path, PathBuf};

/// Who may import whom. A module may always import itself.
const LAYERS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("storage", &["domain"]),
    ("service", &["domain", "storage"]),
    ("mail", &["domain", "service"]),
    ("http", &["domain", "service"]),
    ("worker", &["domain", "service", "mail"]),
    ("cli", &["domain", "service", "mail", "app"]),
    ("app", &["domain", "storage", "service", "mail", "http", "worker", "cli"]),
    ("main", &["domain", "storage", "service", "mail", "http", "worker", "cli", "app"]),
    ("lib", &[]),
];

/// What one file or folder may import beyond its module: seeding writes tables directly, for speed.
const ALSO: &[(&str, &str)] = &[("cli/seed", "storage")];

/// Whether a file, or the folder that it lies in, may import more than its module.
fn also(name: &str, other: &str) -> bool {
    let within = |place: &str| name == place || name.starts_with(&format!("{place}/"));
    ALSO.iter().any(|(place, layer)| within(place) && *layer == other)
}

/// Libraries that only some modules may name.
const LIBRARIES: &[(&str, &[&str])] = &[
    ("diesel", &["storage"]),
    ("diesel_migrations", &["storage"]),
    ("actix_web", &["http", "app", "cli", "main"]),
    ("lettre", &["mail"]),
    ("tokio", &["service", "mail", "http", "worker", "cli", "app", "main"]),
];

/// The parts of diesel that derives on ids and vocabularies need.
const DIESEL_IN_DOMAIN: [&str; 3] =
    ["diesel::expression::AsExpression", "diesel::deserialize::FromSqlRow", "diesel::sql_types::"];

/// What tells the time, or lets it pass: the domain is told instead.
const CLOCKS: [&str; 3] = ["SystemTime", "Instant", "thread"];

/// What is wrong with a file, in sentences. `name` is its path below `src`, without `.rs`.
fn violations(name: &str, source: &str) -> Vec<String> {
    let module = name.split('/').next().unwrap_or(name);
    let Some((_, allowed)) = LAYERS.iter().find(|(layer, _)| *layer == module) else {
        return vec![format!("{name}: the module {module} is not in the table of layers")];
    };
    let may = |other: &str| other == module || allowed.contains(&other) || also(name, other);
    // Within an inline module one `super` more stays inside.
    let inline = words(source).windows(3).any(|w| w[0] == "mod" && is_name(&w[1]) && w[2] == "{");
    let depth = name.split('/').filter(|part| *part != "mod").count() + usize::from(inline);
    let mut found = Vec::new();
    for path in paths(source) {
        let (root, rest) = path.split_once("::").unwrap_or((&path, ""));
        match root {
            "crate" | "sentra" => {
                let target = rest.split("::").next().unwrap_or(rest);
                let is_a_layer = LAYERS.iter().any(|(layer, _)| *layer == target);
                if !may(target) && (is_a_layer || root == "crate") {
                    found.push(format!("{name}: {module} must not import {path}"));
                }
            }
            "super" if path.split("::").take_while(|part| *part == "super").count() >= depth => {
                found.push(format!("{name}: {path} leaves the module; say crate::…"));
            }
            _ => {
                let only = LIBRARIES.iter().find(|(library, _)| *library == root);
                let derives = module == "domain"
                    && DIESEL_IN_DOMAIN
                        .iter()
                        .any(|allowed| format!("{path}::").starts_with(allowed));
                if only.is_some_and(|(_, modules)| !modules.contains(&module)) && !derives {
                    found.push(format!("{name}: {module} must not name {path}"));
                }
                if module == "domain" && path.split("::").any(|part| CLOCKS.contains(&part)) {
                    found.push(format!("{name}: the domain is told the time, it has no {path}"));
                }
            }
        }
    }
    found
}

/// Every path of a source text with `::` in it, groups taken apart: `use a::{b, c::d}` is `a::b` and `a::c::d`.
fn paths(source: &str) -> Vec<String> {
    let mut words = words(source).into_iter().peekable();
    let mut found = Vec::new();
    while let Some(word) = words.next() {
        // `use diesel;` has no `::`, yet names it.
        let alone = word == "use" || word == "extern";
        if is_name(&word) && (words.peek().map(String::as_str) == Some("::")) {
            follow(word, &mut words, &mut found);
        } else if alone && let Some(next) = words.next_if(|next| is_name(next) && next != "crate") {
            follow(next, &mut words, &mut found);
        }
    }
    found
}

type Words = std::iter::Peekable<std::vec::IntoIter<String>>;

fn follow(mut path: String, words: &mut Words, found: &mut Vec<String>) {
    while words.next_if(|word| word == "::").is_some() {
        match words.next() {
            Some(word) if word == "{" => {
                group(&path, words, found);
                return;
            }
            Some(word) if is_name(&word) => path = format!("{path}::{word}"),
            // `::<` of generics, `::*` of everything.
            _ => break,
        }
    }
    found.push(path);
}

fn group(before: &str, words: &mut Words, found: &mut Vec<String>) {
    while let Some(word) = words.next() {
        if word == "}" {
            return;
        }
        if is_name(&word) {
            follow(format!("{before}::{word}"), words, found);
        }
    }
}

fn is_name(word: &str) -> bool {
    word.starts_with(|c: char| c.is_alphanumeric() || c == '_')
}

/// Names, `::` and single other characters; comments, strings and characters left out.
fn words(source: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let taken = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some(length) = raw_string(rest) {
            length
        } else if first == '"' {
            string(rest)
        } else if first == '\'' {
            character(rest)
        } else if is_name(rest) {
            let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_'));
            let end = end.unwrap_or(rest.len());
            words.push(rest[..end].to_owned());
            end
        } else if rest.starts_with("::") {
            words.push("::".to_owned());
            2
        } else {
            if !first.is_whitespace() {
                words.push(first.to_string());
            }
            first.len_utf8()
        };
        rest = &rest[taken..];
    }
    words
}

fn raw_string(rest: &str) -> Option<usize> {
    let after = rest.strip_prefix('r')?;
    let hashes = after.len() - after.trim_start_matches('#').len();
    let body = after[hashes..].strip_prefix('"')?;
    let close = format!("\"{}", "#".repeat(hashes));
    Some(1 + hashes + 1 + body.find(&close)? + close.len())
}

fn string(rest: &str) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// A character between quotes; else the quote of a lifetime.
fn character(rest: &str) -> usize {
    let inner = &rest[1..];
    if let Some(escape) = inner.strip_prefix('\\') {
        return 2 + escape
            .char_indices()
            .skip(1)
            .find(|(_, c)| *c == '\'')
            .map_or(0, |(at, _)| at + 1);
    }
    let mut chars = inner.chars();
    match (chars.next(), chars.next()) {
        (Some(c), Some('\'')) => 1 + c.len_utf8() + 1,
        _ => 1,
    }
}

fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of the source") {
        let path = entry.expect("entry").path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
}

#[test]
fn no_module_imports_upward() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    assert!(files.len() > 50, "the source was found");
    let mut found = Vec::new();
    for file in files {
        let name = file.strip_prefix(&root).expect("below src").with_extension("");
        let source = fs::read_to_string(&file).expect("a source file");
        found.extend(violations(&name.to_string_lossy(), &source));
    }
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

#[test]
fn an_import_upward_is_found_however_it_is_written() {
    let bad = [
        ("domain/gate", "use crate::storage::proposal;"),
        ("domain/gate", "use crate::{domain::ids, service::clock};"),
        ("domain/gate", "use diesel::prelude::*;"),
        ("domain/gate", "use diesel::{sql_types::Text, prelude::*};"),
        ("domain/gate", "fn f() -> std::time::SystemTime { std::time::SystemTime::now() }"),
        ("domain/gate", "use tokio::sync::Mutex;"),
        ("domain/gate", "use super::super::storage::proposal;"),
        ("domain/gate", "/* a note */ use crate\n    ::service::clock;"),
        ("storage/proposal", "use crate::service::Services;"),
        ("storage/proposal", "fn f(x: &str) { let c = '\"'; crate::http::answer(x) }"),
        ("service/proposal", "use actix_web::HttpResponse;"),
        ("service/proposal", "type Mail = lettre::Message;"),
        ("service/proposal", "use diesel::prelude::*;"),
        ("service/view/money", "use crate::http::problem::Problem;"),
        ("service/mod", "use super::mail::render;"),
        ("mail/mod", "use super::storage::mail; #[cfg(test)] mod tests;"),
        ("mail/worker", "use crate::storage::mail;"),
        ("http/proposal", "use crate::{service::{proposal, view}, storage};"),
        ("http/proposal", "use crate::storage as s;"),
        ("worker/mail", "use crate::http::routes;"),
        ("cli/migrate", "use crate::storage::migrate;"),
        ("cli/user", "use lettre as post;"),
        ("news", "pub fn f() {}"),
    ];
    for (name, source) in bad {
        assert!(!violations(name, source).is_empty(), "{name}: {source}");
    }
}

#[test]
fn what_the_table_allows_is_not_found() {
    let good = [
        ("domain/gate", "use crate::domain::{ids::UserId, money::Rupiah};"),
        ("domain/ids", "use diesel::expression::AsExpression; use diesel::sql_types::Text;"),
        ("domain/ids", "#[diesel(sql_type = diesel::sql_types::Text)] struct Id;"),
        (
            "domain/gate",
            "// use crate::storage::x;\n/* crate::http::y */ const S: &str = \"crate::mail::z\";",
        ),
        ("domain/gate", "const R: &str = r#\"use \"crate::mail::z\" \"#; const Q: char = '\\'';"),
        ("domain/gate", "fn f<'a>(x: &'a str) -> &'a str { x }"),
        ("worker/mod", "mod tests { use super::*; }"),
        ("storage/proposal", "use crate::domain::ids; use super::line; use diesel::prelude::*;"),
        (
            "service/proposal",
            "use crate::storage::{self, proposal}; use crate::service::error::Error;",
        ),
        ("cli/seed", "use crate::storage::proposal; use crate::app::App;"),
        ("app/mod", "use crate::{cli, http, mail, service, storage, worker};"),
        ("main", "fn main() { sentra::cli::run() }"),
        ("lib", "pub mod domain;"),
    ];
    for (name, source) in good {
        assert_eq!(violations(name, source), Vec::<String>::new(), "{name}: {source}");
    }
}
