//! Options of a verb: `--name value` and `--flag`, in any order.

/// What is left of the options.
pub(crate) struct Arguments {
    left: Vec<String>,
}

impl Arguments {
    /// All of `arguments`.
    pub(crate) fn of(arguments: &[String]) -> Arguments {
        Arguments { left: arguments.to_vec() }
    }

    /// Takes `name` out; whether it was there.
    pub(crate) fn flag(&mut self, name: &str) -> bool {
        let place = self.left.iter().position(|argument| argument == name);
        place.map(|place| self.left.remove(place)).is_some()
    }

    /// Takes `name` and the text behind it out.
    pub(crate) fn text(&mut self, name: &str) -> Result<Option<String>, String> {
        let Some(place) = self.left.iter().position(|argument| argument == name) else { return Ok(None) };
        if place + 1 == self.left.len() {
            return Err(format!("{name} needs a value"));
        }
        self.left.remove(place);
        Ok(Some(self.left.remove(place)))
    }

    /// Takes `name` and the number behind it out.
    pub(crate) fn number(&mut self, name: &str) -> Result<Option<u64>, String> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        text.parse().map(Some).map_err(|_| format!("{name} needs a number, not `{text}`"))
    }

    /// What is left, all of it names.
    pub(crate) fn rest(self) -> Result<Vec<String>, String> {
        match self.left.iter().find(|argument| argument.starts_with('-')) {
            Some(unknown) => Err(format!("unknown option `{unknown}`")),
            None => Ok(self.left),
        }
    }

    /// Checks that nothing is left.
    pub(crate) fn end(self) -> Result<(), String> {
        match self.rest()?.first() {
            Some(unknown) => Err(format!("what is `{unknown}`?")),
            None => Ok(()),
        }
    }
}
