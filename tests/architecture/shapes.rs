//! Sizes, names, and templates that stand where their room stands.

use super::source::{Source, exists};

const LONGEST: usize = 400;
/// Names under which everything fits.
const NAMELESS: [&str; 10] =
    ["util", "utils", "helper", "helpers", "common", "misc", "manager", "managers", "service", "services"];
/// Templates that belong to the shell of every page.
const SHARED: [&str; 3] = ["layouts", "components", "errors"];

/// Files that are too long, and modules whose name says nothing.
pub fn too_long_or_nameless(source: &Source) -> Vec<String> {
    let (path, lines) = (&source.path, source.text.lines().count());
    let mut wrong = Vec::new();
    if lines > LONGEST {
        wrong.push(format!("src/{path} has {lines} lines, more than {LONGEST}; split it by meaning"));
    }
    for part in path.split('/').map(|part| part.strip_suffix(".rs").unwrap_or(part)) {
        if NAMELESS.contains(&part) {
            wrong.push(format!("src/{path}: `{part}` says nothing; name the module after what it holds"));
        }
    }
    wrong
}

/// Templates and sources that do not stand at the same place, and templates that nobody draws.
pub fn unmirrored(sources: &[Source], templates: &[(String, String)]) -> Vec<String> {
    let mut wrong = Vec::new();
    for source in sources {
        for path in source.strings.iter().filter(|text| is_template(text)) {
            let folder = path.split('/').next().unwrap_or_default();
            let shell = source.home() == "web" && SHARED.contains(&folder);
            if folder != source.home() && !shell {
                wrong.push(format!(
                    "src/{} draws templates/{path}; a page stands in templates/{}/, or is the room's that draws it",
                    source.path,
                    source.home()
                ));
            }
        }
    }
    for (path, _) in templates {
        let folder = path.split('/').next().unwrap_or_default();
        if !SHARED.contains(&folder) && !exists(&format!("src/{folder}")) {
            wrong.push(format!("templates/{path}: there is no src/{folder}"));
        }
        let drawn = sources.iter().any(|source| source.strings.iter().any(|text| text == path));
        let quoted = [format!("\"{path}\""), format!("'{path}'")];
        let used = templates.iter().any(|(_, text)| quoted.iter().any(|name| text.contains(name)));
        // A macro's sample in a test names its template inside a longer text.
        let sampled = sources.iter().any(|source| source.text.contains(&quoted[0]));
        if !drawn && !used && !sampled {
            wrong.push(format!("templates/{path} is drawn by nobody; delete it"));
        }
    }
    wrong
}

/// Whether a text is a template's path, and no address or piece of a page.
fn is_template(text: &str) -> bool {
    let ends = text.ends_with(".html") || text.ends_with(".txt");
    ends && text.contains('/') && !text.starts_with('/') && !text.contains([' ', '<', '{', '\n', ':'])
}

/// Templates that let a value through as it is.
pub fn unescaped(templates: &[(String, String)]) -> Vec<String> {
    let lets_through = |text: &str| text.replace(' ', "").contains("|safe");
    let wrong = templates.iter().filter(|(_, text)| lets_through(text));
    wrong.map(|(path, _)| format!("templates/{path} has `|safe`; give the value a template of its own, and say that that is HTML"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints(path: &str, text: &str) -> usize {
        too_long_or_nameless(&Source::rust(path, text)).len()
    }

    #[test]
    fn long_files_and_empty_names_are_found() {
        assert_eq!(complaints("orders/unit.rs", &"// a line\n".repeat(LONGEST)), 0);
        assert_eq!(complaints("orders/unit.rs", &"// a line\n".repeat(LONGEST + 1)), 1);
        assert_eq!(complaints("orders/helpers.rs", ""), 1);
        assert_eq!(complaints("common/unit.rs", ""), 1);
        assert_eq!(complaints("orders/order_service.rs", ""), 0);
        assert_eq!(complaints("orders/service.rs", ""), 1);
    }

    fn mirrored(path: &str, drawn: &str, templates: &[&str]) -> Vec<String> {
        let code = format!("#[template(path = \"{drawn}\")]\nstruct Page;");
        let templates: Vec<_> = templates.iter().map(|path| ((*path).to_owned(), String::new())).collect();
        unmirrored(&[Source::rust(path, &code)], &templates)
    }

    #[test]
    fn a_page_stands_beside_its_room() {
        assert!(mirrored("orders/web.rs", "orders/show.html", &["orders/show.html"]).is_empty());
        assert_eq!(mirrored("orders/web.rs", "payments/show.html", &["payments/show.html"]).len(), 1);
        assert!(mirrored("web/problem.rs", "errors/problem.html", &["errors/problem.html"]).is_empty());
        assert_eq!(mirrored("orders/web.rs", "errors/problem.html", &["errors/problem.html"]).len(), 1);
        assert!(
            mirrored("orders/web.rs", "orders/show.html", &["attic/box.html"])[0].contains("no src/attic")
        );
        assert!(mirrored("orders/web.rs", "orders/show.html", &["orders/old.html"])[0].contains("nobody"));
    }

    #[test]
    fn nothing_goes_through_unescaped() {
        let template = |text: &str| [("orders/show.html".to_owned(), text.to_owned())];
        assert!(unescaped(&template("{{ name }} is safe")).is_empty());
        assert_eq!(unescaped(&template("{{ name|safe }}")).len(), 1);
        assert_eq!(unescaped(&template("{{ name | safe }}")).len(), 1);
    }
}
