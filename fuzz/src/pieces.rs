//! One input cut into several, in a form that is easy to write by hand and to mutate.

/// The pieces of an input: a length in one byte, then so many bytes; the last piece may be shorter.
pub struct Pieces<'i> {
    rest: &'i [u8],
}

impl<'i> Pieces<'i> {
    /// The pieces of `input`.
    pub fn of(input: &'i [u8]) -> Pieces<'i> {
        Pieces { rest: input }
    }

    /// One byte; zero when nothing is left.
    pub fn byte(&mut self) -> u8 {
        let Some((&byte, rest)) = self.rest.split_first() else { return 0 };
        self.rest = rest;
        byte
    }

    /// Up to `bytes` bytes.
    pub fn take(&mut self, bytes: usize) -> &'i [u8] {
        let (piece, rest) = self.rest.split_at(bytes.min(self.rest.len()));
        self.rest = rest;
        piece
    }

    /// The next piece with a length before it; none when nothing is left.
    pub fn piece(&mut self) -> Option<&'i [u8]> {
        let (&length, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(self.take(usize::from(length)))
    }

    /// A piece with a length of two bytes, for what is longer than 255 bytes.
    pub fn long_piece(&mut self) -> Option<&'i [u8]> {
        let (&length, rest) = self.rest.split_first_chunk::<2>()?;
        self.rest = rest;
        Some(self.take(usize::from(u16::from_be_bytes(length))))
    }

    /// All that is left.
    pub fn rest(self) -> &'i [u8] {
        self.rest
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }
}

/// The first line of a text, and what follows it.
pub fn line(text: &str) -> (&str, &str) {
    text.split_once('\n').unwrap_or((text, ""))
}
