//! A CSV body: a header line with typed names, then one document per record.
//!
//! A header is `name` or `name:type` with type `string`, `number` or `boolean`; any other type is part of the
//! name. An empty cell is null. Of two columns with one name the last counts.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use csv::{ReaderBuilder, StringRecord};

use crate::payload::{Lines, MalformedPayload, PayloadError};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CellType {
    String,
    Number,
    Boolean,
}

struct Column {
    /// The name as a JSON string.
    key: Vec<u8>,
    cell_type: CellType,
    /// Place of the cell in a record.
    cell: usize,
}

/// Writes the documents of `input` to `lines`.
pub(crate) fn convert(input: &[u8], delimiter: u8, lines: &mut Lines<'_>) -> Result<(), PayloadError> {
    let mut reader = ReaderBuilder::new().delimiter(delimiter).from_reader(input);
    let columns = columns(reader.headers().map_err(malformed)?)?;
    let mut record = StringRecord::new();
    let mut line = 0;
    while reader.read_record(&mut record).map_err(malformed)? {
        line += 1;
        write_record(&columns, &record, line, lines.document())?;
        lines.end_document()?;
    }
    Ok(())
}

fn malformed(error: csv::Error) -> MalformedPayload {
    MalformedPayload::Csv { message: error.to_string() }
}

fn columns(headers: &StringRecord) -> Result<Vec<Column>, PayloadError> {
    let mut columns: Vec<Column> = Vec::with_capacity(headers.len());
    let mut places = HashMap::with_capacity(headers.len());
    for (cell, header) in headers.iter().enumerate() {
        let (name, cell_type) = match header.rsplit_once(':') {
            Some((name, "string")) => (name, CellType::String),
            Some((name, "number")) => (name, CellType::Number),
            Some((name, "boolean")) => (name, CellType::Boolean),
            _ => (header, CellType::String),
        };
        let mut key = Vec::new();
        write_string(name, &mut key)?;
        match places.entry(key.clone()) {
            Entry::Occupied(place) => {
                let earlier: &mut Column = &mut columns[*place.get()];
                (earlier.cell_type, earlier.cell) = (cell_type, cell);
            }
            Entry::Vacant(place) => {
                place.insert(columns.len());
                columns.push(Column { key, cell_type, cell });
            }
        }
    }
    Ok(columns)
}

fn write_record(
    columns: &[Column],
    record: &StringRecord,
    line: u64,
    out: &mut Vec<u8>,
) -> Result<(), PayloadError> {
    out.push(b'{');
    for (index, column) in columns.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        out.extend_from_slice(&column.key);
        out.push(b':');
        let cell = record.get(column.cell).unwrap_or_default();
        match column.cell_type {
            _ if cell.is_empty() => out.extend_from_slice(b"null"),
            CellType::String => write_string(cell, out)?,
            CellType::Number => write_number(cell, line, out)?,
            CellType::Boolean => write_boolean(cell, line, out)?,
        }
    }
    out.push(b'}');
    Ok(())
}

fn write_string(text: &str, out: &mut Vec<u8>) -> Result<(), PayloadError> {
    serde_json::to_writer(out, text).map_err(|error| PayloadError::Io(error.into()))
}

fn write_number(cell: &str, line: u64, out: &mut Vec<u8>) -> Result<(), PayloadError> {
    let text = cell.trim();
    let number = match text.parse::<i64>() {
        Ok(integer) => serde_json::Number::from(integer).to_string(),
        Err(_) => match text.parse::<f64>() {
            // Not finite: JSON has no number for it.
            Ok(float) => {
                serde_json::Number::from_f64(float).map_or("null".to_owned(), |number| number.to_string())
            }
            Err(error) => {
                let message = format!("Error parsing number {cell:?} at line {line}: {error}");
                return Err(MalformedPayload::Csv { message }.into());
            }
        },
    };
    out.extend_from_slice(number.as_bytes());
    Ok(())
}

fn write_boolean(cell: &str, line: u64, out: &mut Vec<u8>) -> Result<(), PayloadError> {
    match cell.trim().parse::<bool>() {
        Ok(true) => out.extend_from_slice(b"true"),
        Ok(false) => out.extend_from_slice(b"false"),
        Err(error) => {
            let message = format!("Error parsing boolean {cell:?} at line {line}: {error}");
            return Err(MalformedPayload::Csv { message }.into());
        }
    }
    Ok(())
}
