//! How a form that cannot be taken comes back: with what was typed, and a sentence at each field that says what to
//! do. `templates/components/field.html` draws a field with its label, hint and error.

/// What is wrong with which field: the field's name and the key of the sentence.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldErrors(Vec<(&'static str, &'static str)>);

impl FieldErrors {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes what is wrong with a field; a field's first error stays.
    pub fn add(&mut self, field: &'static str, key: &'static str) {
        if self.of(field).is_none() {
            self.0.push((field, key));
        }
    }

    /// The key of what is wrong with this field.
    pub fn of(&self, field: &str) -> Option<&'static str> {
        self.0.iter().find(|(name, _)| *name == field).map(|(_, key)| *key)
    }

    /// Whether the form can be taken.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them in the order in which they were found: field, key.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.0.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_keeps_its_first_error() {
        let mut errors = FieldErrors::new();
        assert!(errors.is_empty());
        errors.add("email", "error-email-missing");
        errors.add("email", "error-email-wrong");
        assert_eq!(errors.of("email"), Some("error-email-missing"));
        assert_eq!(errors.of("quantity"), None);
        assert_eq!(errors.iter().count(), 1);
    }

    #[derive(askama::Template)]
    #[template(
        ext = "html",
        source = r#"{% import "components/field.html" as form %}{% import "components/price.html" as amount %}{% import "components/status.html" as state %}
{{ form::field(visit, errors, "email", "field-optional", value="a&b", kind="email", hint="search-placeholder", autocomplete="email") }}
{{ form::field(visit, errors, "note", "field-optional", required=false) }}
{{ form::checkbox(visit, errors, "accept_terms", "yes", checked=true) }}
{{ amount::price(visit, price) }}{{ state::status("good", "paid") }}"#
    )]
    struct Drawn {
        visit: crate::web::Visit,
        errors: FieldErrors,
        price: crate::ground::Price,
    }

    #[test]
    fn a_field_that_is_wrong_is_tied_to_its_sentence() {
        let mut errors = FieldErrors::new();
        errors.add("email", "problem-gone-title");
        let visit = crate::web::Visit::to(crate::ground::Language::En, "/");
        let price = crate::ground::Price::new(590, crate::ground::Currency::parse("EUR").unwrap());
        let drawn = askama::Template::render(&Drawn { visit, errors, price }).unwrap();
        assert!(
            drawn.contains("<p class=\"error\" id=\"email-error\">This is no longer here</p>"),
            "{drawn}"
        );
        assert!(
            drawn.contains(
                "type=\"email\" value=\"a&#38;b\" autocomplete=\"email\" required aria-invalid=\"true\" \
             aria-describedby=\"email-hint email-error\">"
            ),
            "{drawn}"
        );
        assert!(drawn.contains("name=\"note\" type=\"text\" value=\"\" autocomplete=\"off\">"), "{drawn}");
        assert!(drawn.contains("type=\"checkbox\" value=\"on\" checked required>"), "{drawn}");
        assert!(drawn.contains("€5.90") && drawn.contains("data-tone=\"good\">paid<"), "{drawn}");
    }
}
