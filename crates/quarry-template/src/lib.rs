//! Liquid templates: how a document reads to a language model. The only crate that knows the Liquid library.
//!
//! The library trusts its templates: it recurses once for each nested block or index, takes time that grows with
//! the cube of a run of blanks, and panics on an integer that is out of range. A client's template is none to
//! trust, so it is looked at first.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Bytes of a template, at most.
const BYTES_MAX: usize = 256 << 10;
/// Tags and opening brackets in a template, at most: no nesting is deeper than that.
const TAGS_AND_BRACKETS_MAX: usize = 1000;
/// Blanks one after the other, at most.
const BLANKS_MAX: usize = 200;
/// What the deepest template needs, with a wide margin.
const STACK_BYTES: usize = 32 << 20;

/// Why a template is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("user error: cannot parse template: {reason}")]
pub struct TemplateError {
    /// What is wrong with it, with its place where that is known.
    pub reason: String,
}

/// Whether a text is a template of documents.
///
/// # Errors
///
/// When it is no Liquid, uses tags or filters outside the standard ones, or is longer or deeper than anybody needs.
pub fn check(template: &str) -> Result<(), TemplateError> {
    check_size(template).map_err(|reason| TemplateError { reason })?;
    let parse = || liquid::ParserBuilder::with_stdlib().build().and_then(|parser| parser.parse(template));
    let guarded = || catch_unwind(AssertUnwindSafe(parse));
    match stacker::maybe_grow(STACK_BYTES, STACK_BYTES, guarded) {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(TemplateError { reason: error.to_string() }),
        Err(_) => Err(TemplateError { reason: "a value is out of range".to_owned() }),
    }
}

fn check_size(template: &str) -> Result<(), String> {
    if template.len() > BYTES_MAX {
        return Err(format!("{} bytes are more than {BYTES_MAX}", template.len()));
    }
    let nesting = template.matches("{%").count() + template.matches('[').count();
    if nesting > TAGS_AND_BRACKETS_MAX {
        return Err(format!("{nesting} tags and brackets are more than {TAGS_AND_BRACKETS_MAX}"));
    }
    let blanks =
        template.split(|c: char| !c.is_whitespace()).map(|run| run.chars().count()).max().unwrap_or(0);
    if blanks > BLANKS_MAX {
        return Err(format!("{blanks} blanks one after the other are more than {BLANKS_MAX}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    fn reason(template: &str) -> String {
        check(template).expect_err("this is no template").reason
    }

    #[test]
    fn a_text_with_or_without_references_is_a_template() {
        for template in [
            "",
            "only text",
            "{{ document.name }}",
            "{{doc.tags | join: '+'}} {{doc.seats | times: 3}}",
            "{% for field in fields %}{% if field.is_searchable and field.value != nil %}{{ field.name }}: \
             {{ field.value }}\n{% endif %}{% endfor %}",
            "{% raw %}{{ as it is {% endraw %}{% comment %}nothing{% endcomment %}",
        ] {
            assert_eq!(check(template), Ok(()), "{template}");
        }
    }

    #[test]
    fn a_refusal_shows_the_place() {
        let text = check("{{ doc.title ").expect_err("not closed").to_string();
        let place = "liquid:  --> 1:4\n  |\n1 | {{ doc.title \n  |    ^---\n  |\n  = expected Literal\n";
        assert_eq!(text, format!("user error: cannot parse template: {place}"));
        assert!(reason("{{ doc.name | shout }}").starts_with("liquid: Unknown filter\n"));
        assert!(reason("{% repeat %}").contains("Unknown tag."));
        assert!(reason("{% if doc.name %}yes").contains("{% endif %} tag expected"));
    }

    #[test]
    fn what_would_stop_the_library_is_refused() {
        assert_eq!(reason(&"{% if a %}".repeat(20_000)), "20000 tags and brackets are more than 1000");
        let brackets = format!("{{{{ {}1{} }}}}", "a[".repeat(1001), "]".repeat(1001));
        assert_eq!(reason(&brackets), "1001 tags and brackets are more than 1000");
        assert_eq!(reason(&"\n".repeat(201)), "201 blanks one after the other are more than 200");
        assert_eq!(reason(&"x".repeat(BYTES_MAX + 1)), "262145 bytes are more than 262144");
        assert_eq!(reason("{{ 99999999999999999999 }}"), "a value is out of range");
    }

    #[test]
    fn the_deepest_template_fits_a_small_stack() {
        let parse = || {
            assert!(reason(&"{% if a %}".repeat(1000)).contains("Unclosed block"));
            let depth = 500;
            assert_eq!(check(&("{% if a %}".repeat(depth) + &"{% endif %}".repeat(depth))), Ok(()));
            let brackets = format!("{{{{ {}1{} }}}}", "a[".repeat(1000), "]".repeat(1000));
            assert_eq!(check(&brackets), Ok(()));
        };
        let thread = std::thread::Builder::new().stack_size(128 << 10).spawn(parse);
        thread.expect("a thread starts").join().expect("it goes through");
    }

    #[test]
    fn the_worst_template_takes_seconds_at_most() {
        let start = Instant::now();
        let row = " ".repeat(BLANKS_MAX) + "x";
        assert_eq!(check(&row.repeat(BYTES_MAX / row.len())), Ok(()));
        assert!(start.elapsed() < Duration::from_secs(10));
    }
}
