//! Reads the sources as text and holds the walls of ARCHITECTURE.md: floors, arrows, doors, tables, materials, sizes
//! and names. No database, about a second. Each rule is a table, and each failure a sentence that says what to do; each
//! module tries its rule on small samples that break it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "architecture/documents.rs"]
mod documents;
#[path = "architecture/floors.rs"]
mod floors;
#[path = "architecture/materials.rs"]
mod materials;
#[path = "architecture/shapes.rs"]
mod shapes;
#[path = "architecture/source.rs"]
mod source;
#[path = "architecture/tables.rs"]
mod tables;

use source::{Source, files, sources};

/// Passes when nothing is wrong; else fails with one sentence a line.
fn held(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn every_file_imports_from_below_or_along_an_arrow() {
    let sources = sources();
    let imports: Vec<_> = sources.iter().flat_map(floors::wrong_imports).collect();
    held(&[floors::arrows_go_round(), floors::spare(&sources), imports].concat());
}

#[test]
fn rooms_are_entered_by_their_doors() {
    held(&sources().iter().flat_map(floors::wrong_doors).collect::<Vec<_>>());
}

#[test]
fn verbs_take_what_they_use_and_not_the_whole_shop() {
    held(&sources().iter().flat_map(floors::whole_shop).collect::<Vec<_>>());
}

#[test]
fn one_room_owns_a_table_and_alone_writes_it() {
    let migrations = files("migrations", &["sql"]);
    let (owners, mut wrong) = tables::owners(&migrations);
    wrong.extend(tables::wrongly_numbered(&migrations));
    let sources = sources();
    let queries = files("src", &["sql"]);
    let sql = sources.iter().cloned().chain(queries.iter().map(|(path, text)| Source::sql(path, text)));
    wrong.extend(tables::wrong_statements(&owners, &sql.collect::<Vec<_>>()));
    wrong.extend(tables::unnamed_tables(&owners, &sources));
    held(&wrong);
}

#[test]
fn each_material_has_its_place() {
    held(&sources().iter().flat_map(materials::misplaced).collect::<Vec<_>>());
}

#[test]
fn files_are_short_and_have_names_that_say_something() {
    held(&sources().iter().flat_map(shapes::too_long_or_nameless).collect::<Vec<_>>());
}

#[test]
fn templates_mirror_the_sources() {
    let templates = files("templates", &["html", "txt"]);
    held(&[shapes::unmirrored(&sources(), &templates), shapes::unescaped(&templates)].concat());
}

#[test]
fn the_documents_name_what_exists() {
    held(&[documents::lost_paths(), documents::lost_commands(), documents::lost_tests()].concat());
}

#[test]
fn every_dependency_has_its_reason() {
    held(&documents::unexplained_dependencies());
}
