//! XML: elements with attributes and text, within limits.
//!
//! Namespaces are ignored: an element has its local name. A document type is refused, so no entity can expand.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::error::{Error, ErrorKind, Place};
use crate::limits::{self, Limits};

/// An element.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Element {
    /// Its local name.
    pub name: String,
    /// The texts directly within it, joined.
    pub text: String,
    /// The elements directly within it.
    pub children: Vec<Element>,
    attributes: Vec<(String, String)>,
    /// The line of its start, from 0.
    line: usize,
}

/// Reads a document, and returns its root.
///
/// # Errors
///
/// `Malformed` with the line, `TooLarge` beyond the limits, `Unsupported` for a document type.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Element, Error> {
    limits.check_bytes(bytes.len())?;
    let text = std::str::from_utf8(bytes).map_err(|_| Error::malformed("not UTF-8"))?;
    let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
    let mut lines = Lines { bytes, position: 0, line: 0 };
    let (mut open, mut root): (Vec<Element>, Option<Element>) = (Vec::new(), None);
    let mut n_values = 0;
    loop {
        let line = lines.at(reader.buffer_position());
        let here = |error: Error| error.within(Place::Line(line));
        let event = reader
            .read_event()
            .map_err(|error| here(Error::malformed(shortened(error.to_string()))))?;
        let closed = match event {
            Event::Start(start) => {
                open.push(element(&start, line, &mut n_values).map_err(here)?);
                limits::check(open.len(), 4 * limits.max_depth, "levels of elements")
                    .map_err(here)?;
                None
            }
            Event::Empty(start) => Some(element(&start, line, &mut n_values).map_err(here)?),
            Event::End(_) => open.pop(),
            Event::Text(text) => {
                let text =
                    text.decode().map_err(|e| here(Error::malformed(shortened(e.to_string()))))?;
                append(&mut open, &text);
                None
            }
            Event::CData(text) => {
                let text =
                    text.decode().map_err(|e| here(Error::malformed(shortened(e.to_string()))))?;
                append(&mut open, &text);
                None
            }
            Event::GeneralRef(reference) => {
                let name = reference
                    .decode()
                    .map_err(|e| here(Error::malformed(shortened(e.to_string()))))?;
                let unescaped = quick_xml::escape::unescape(&format!("&{name};"))
                    .map(std::borrow::Cow::into_owned)
                    .map_err(|e| here(Error::malformed(shortened(e.to_string()))))?;
                append(&mut open, &unescaped);
                None
            }
            Event::DocType(_) => return Err(here(Error::unsupported("a document type"))),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => None,
            Event::Eof => break,
        };
        limits::check(n_values, limits.max_values, "elements and attributes").map_err(here)?;
        if let Some(element) = closed {
            match open.last_mut() {
                Some(parent) => parent.children.push(element),
                None if root.is_none() => root = Some(element),
                None => return Err(here(Error::malformed("two roots, expected one"))),
            }
        }
    }
    if let Some(element) = open.last() {
        return Err(element.malformed("the file ends within it"));
    }
    root.ok_or_else(|| Error::malformed("no element"))
}

/// The start of a message: a damaged file may have a long text in it.
fn shortened(text: String) -> String {
    match text.char_indices().nth(400) {
        None => text,
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
    }
}

/// Counts lines as the reader moves on.
struct Lines<'b> {
    bytes: &'b [u8],
    position: usize,
    line: usize,
}

impl Lines<'_> {
    fn at(&mut self, position: u64) -> usize {
        let end = usize::try_from(position).unwrap_or(usize::MAX).min(self.bytes.len());
        let passed = self.bytes.get(self.position..end).unwrap_or_default();
        self.line += passed.iter().filter(|byte| **byte == b'\n').count();
        self.position = self.position.max(end);
        self.line
    }
}

fn append(open: &mut [Element], text: &str) {
    open.iter_mut().rev().take(1).for_each(|element| element.text.push_str(text));
}

fn element(start: &BytesStart<'_>, line: usize, n_values: &mut usize) -> Result<Element, Error> {
    let malformed = |error: &dyn std::fmt::Display| Error::malformed(shortened(error.to_string()));
    let local = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
    let mut element =
        Element { name: local(start.local_name().as_ref()), line, ..Element::default() };
    *n_values += 1;
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| malformed(&error))?;
        let raw = std::str::from_utf8(&attribute.value).map_err(|error| malformed(&error))?;
        let value = quick_xml::escape::unescape(raw).map_err(|error| malformed(&error))?;
        element.attributes.push((local(attribute.key.local_name().as_ref()), value.into_owned()));
        *n_values += 1;
    }
    Ok(element)
}

impl Element {
    /// The same error at this element.
    #[must_use]
    pub fn locate(&self, error: Error) -> Error {
        // A damaged file may have a long name.
        let name = self.name.chars().take(64).collect();
        error.within(Place::Key(name)).within(Place::Line(self.line))
    }

    /// The error of something that a bundle cannot hold.
    #[must_use]
    pub fn unsupported(&self, what: impl Into<String>) -> Error {
        self.locate(Error::unsupported(shortened(what.into())))
    }

    /// The error of an element that breaks the rules of its format.
    #[must_use]
    pub fn malformed(&self, detail: impl Into<String>) -> Error {
        self.locate(Error::malformed(shortened(detail.into())))
    }

    /// The error of an element for which the core has no place.
    pub(crate) fn core(&self, error: nomogram::Error) -> Error {
        self.locate(error.into())
    }

    /// The error of too many things.
    #[must_use]
    pub fn too_large(&self, detail: impl Into<String>) -> Error {
        self.locate(Error::new(ErrorKind::TooLarge, detail))
    }

    /// An attribute, if it is there.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&str> {
        let attribute = self.attributes.iter().find(|(key, _)| key == name);
        attribute.map(|(_, value)| value.as_str())
    }

    /// An attribute, or its default.
    #[must_use]
    pub fn or<'e>(&'e self, name: &str, default: &'e str) -> &'e str {
        self.find(name).unwrap_or(default)
    }

    /// An attribute.
    ///
    /// # Errors
    ///
    /// `Malformed` when it is absent.
    pub fn attribute(&self, name: &str) -> Result<&str, Error> {
        self.find(name).ok_or_else(|| self.malformed(format!("`{name}` is absent")))
    }

    /// An attribute that is a finite number, if it is there.
    ///
    /// # Errors
    ///
    /// `Malformed` when it is none.
    pub fn find_number(&self, name: &str) -> Result<Option<f64>, Error> {
        let Some(text) = self.find(name) else { return Ok(None) };
        match text.trim().parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Some(number)),
            Ok(_) | Err(_) => {
                Err(self.malformed(format!("`{name}` is `{text}`, expected a finite number")))
            }
        }
    }

    /// An attribute that is a finite number.
    ///
    /// # Errors
    ///
    /// `Malformed` when it is absent or none.
    pub fn number(&self, name: &str) -> Result<f64, Error> {
        self.attribute(name)?;
        self.find_number(name)?.ok_or_else(|| self.malformed(format!("`{name}` is absent")))
    }

    /// The children of a name.
    pub fn all<'e>(&'e self, name: &'e str) -> impl Iterator<Item = &'e Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The first child of a name.
    #[must_use]
    pub fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The first child of a name.
    ///
    /// # Errors
    ///
    /// `Malformed` when it is absent.
    pub fn needed(&self, name: &str) -> Result<&Self, Error> {
        self.child(name).ok_or_else(|| self.malformed(format!("no `{name}`")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_have_attributes_text_and_lines() {
        let text = b"<?xml version=\"1.0\"?>\n<p:a xmlns:p='u' x='1 &lt; 2'>\n  <b/>t&amp;<!-- c --></p:a>";
        let root = read(text, &Limits::default()).unwrap();
        assert_eq!((root.name.as_str(), root.find("x")), ("a", Some("1 < 2")));
        assert_eq!(root.text.trim(), "t&");
        let refused = root.needed("b").unwrap().number("y").unwrap_err();
        assert_eq!(refused.to_string(), "line 3: b: `y` is absent");
    }

    #[test]
    fn what_could_expand_or_never_end_is_refused() {
        let refused = |text: &str| read(text.as_bytes(), &Limits::default()).unwrap_err();
        let bomb = "<!DOCTYPE a [<!ENTITY b 'bb'>]><a>&b;</a>";
        assert_eq!(refused(bomb).to_string(), "line 1: not supported: a document type");
        assert_eq!(refused("<a>&b;</a>").kind(), ErrorKind::Malformed);
        assert_eq!(refused("<a>\n<b>").kind(), ErrorKind::Malformed);
        assert_eq!(refused(&"<a>".repeat(1000)).kind(), ErrorKind::TooLarge);
        assert_eq!(refused("<a/><b/>").to_string(), "line 1: two roots, expected one");
    }
}
