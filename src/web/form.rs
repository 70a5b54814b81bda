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
}
