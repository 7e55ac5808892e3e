//! What a description says about values: whether they fit a schema, and which ones would.

use serde_json::{Map, Value, json};

/// A description of an API.
pub(crate) struct Document(pub(crate) Value);

/// One method of one path.
pub(crate) struct Operation<'d> {
    /// In lower case.
    pub(crate) method: &'d str,
    pub(crate) path: &'d str,
    pub(crate) described: &'d Value,
}

impl std::fmt::Display for Operation<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} {}", self.method.to_uppercase(), self.path)
    }
}

impl Operation<'_> {
    /// The names of its parameters that stand in the `path` or in the `query`.
    pub(crate) fn parameters(&self, place: &str) -> Vec<&str> {
        let all = self.described["parameters"].as_array().map_or(&[][..], Vec::as_slice);
        all.iter().filter(|one| one["in"] == place).map(|one| one["name"].as_str().unwrap()).collect()
    }

    /// The schema of its body.
    pub(crate) fn body(&self) -> Option<&Value> {
        schema_of(&self.described["requestBody"])
    }

    /// The schema of its answer with a status.
    pub(crate) fn answer(&self, status: u64) -> Option<&Value> {
        schema_of(&self.described["responses"][status.to_string()])
    }
}

fn schema_of(described: &Value) -> Option<&Value> {
    described["content"].as_object()?.values().next()?.get("schema")
}

impl Document {
    pub(crate) fn operations(&self) -> impl Iterator<Item = Operation<'_>> {
        let paths = self.0["paths"].as_object().unwrap();
        paths.iter().flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap();
            methods.iter().map(move |(method, described)| Operation { method, path, described })
        })
    }

    /// The operation of a request, by its most exact path.
    pub(crate) fn operation(&self, method: &str, path: &str) -> Option<Operation<'_>> {
        let matches = |template: &str| {
            let (wanted, given) = (template.split('/'), path.split('/'));
            template.split('/').count() == path.split('/').count()
                && wanted.zip(given).all(|(wanted, given)| wanted == given || wanted.starts_with('{'))
        };
        self.operations()
            .filter(|operation| operation.method.eq_ignore_ascii_case(method) && matches(operation.path))
            .min_by_key(|operation| operation.path.matches('{').count())
    }

    /// The schema itself, where another one only points to it.
    pub(crate) fn resolved<'d>(&'d self, mut schema: &'d Value) -> &'d Value {
        while let Some(reference) = schema["$ref"].as_str() {
            schema = self.0.pointer(reference.strip_prefix('#').unwrap()).unwrap();
        }
        schema
    }

    /// The schemas of which one must fit, null left out.
    pub(crate) fn alternatives<'d>(&'d self, schema: &'d Value) -> Vec<&'d Value> {
        let lists = ["oneOf", "anyOf"].into_iter().filter_map(|key| schema[key].as_array());
        lists.flatten().filter(|one| one["type"] != "null").map(|one| self.resolved(one)).collect()
    }

    /// A value that fits, with nothing that may be left out.
    pub(crate) fn sample(&self, schema: &Value) -> Value {
        let schema = self.resolved(schema);
        if let Some(first) = self.alternatives(schema).first() {
            return self.sample(first);
        }
        if let Some(first) = schema["enum"].as_array().and_then(|values| values.first()) {
            return first.clone();
        }
        let kind = schema["type"].as_array().map_or(&schema["type"], |kinds| &kinds[0]);
        match kind.as_str().unwrap_or("string") {
            "object" => {
                let required = schema["required"].as_array().map_or(&[][..], Vec::as_slice);
                let names = required.iter().map(|name| name.as_str().unwrap());
                Value::Object(
                    names
                        .map(|name| (name.to_owned(), self.sample(&schema["properties"][name])))
                        .collect::<Map<_, _>>(),
                )
            }
            "array" => json!([]),
            "boolean" => json!(true),
            "integer" => json!(1),
            "number" => json!(0.5),
            "string" if schema["format"] == "date-time" => json!("2999-12-31T00:00:00Z"),
            _ => json!("x"),
        }
    }

    /// Why `value` does not fit; fields that the schema does not name do not fit either. Text with a
    /// placeholder (`<uuid>`) fits everywhere.
    pub(crate) fn problems(&self, schema: &Value, value: &Value, place: &str) -> Vec<String> {
        let Fit { mut problems, known } = self.fit(schema, value, place);
        if let Value::Object(fields) = value
            && self.names_fields(schema)
        {
            let unknown = fields.keys().filter(|name| !known.contains(name));
            problems.extend(unknown.map(|name| format!("{place}/{name} is not described")));
        }
        problems
    }

    fn fit<'v>(&self, schema: &Value, value: &'v Value, place: &str) -> Fit<'v> {
        let schema = self.resolved(schema);
        let mut fit = Fit::default();
        if value.as_str().is_some_and(|text| text.contains('<') && text.contains('>')) {
            return fit;
        }
        if !has_type(schema, value) {
            fit.problems.push(format!("{place} is {value}, not {}", schema["type"]));
            return fit;
        }
        if schema["enum"].as_array().is_some_and(|values| !values.contains(value)) {
            fit.problems.push(format!("{place} is {value}, which is not listed"));
        }
        match value {
            Value::Object(fields) => self.fit_fields(schema, fields, place, &mut fit),
            Value::Array(items) if schema.get("items").is_some() => {
                for item in items {
                    fit.problems.extend(self.problems(&schema["items"], item, &format!("{place}/[]")));
                }
            }
            _ => {}
        }
        for part in schema["allOf"].as_array().into_iter().flatten() {
            fit.add(self.fit(part, value, place));
        }
        for key in ["oneOf", "anyOf"] {
            let fits = schema[key].as_array().into_iter().flatten().map(|one| self.fit(one, value, place));
            if let Some(best) = fits.min_by_key(|fit| fit.problems.len()) {
                fit.add(best);
            }
        }
        fit
    }

    fn fit_fields<'v>(&self, schema: &Value, fields: &'v Map<String, Value>, place: &str, fit: &mut Fit<'v>) {
        for name in schema["required"].as_array().into_iter().flatten() {
            let name = name.as_str().unwrap();
            if !fields.contains_key(name) {
                fit.problems.push(format!("{place}/{name} is missing"));
            }
        }
        for (name, value) in fields {
            let described = match schema["properties"].get(name) {
                Some(described) => described,
                None => match schema.get("additionalProperties") {
                    None | Some(Value::Bool(false)) => continue,
                    Some(described) => described,
                },
            };
            fit.known.push(name);
            if described.is_object() {
                fit.problems.extend(self.problems(described, value, &format!("{place}/{name}")));
            }
        }
    }

    fn names_fields(&self, schema: &Value) -> bool {
        let schema = self.resolved(schema);
        let parts = ["allOf", "oneOf", "anyOf"].into_iter().filter_map(|key| schema[key].as_array());
        schema.get("properties").is_some() || parts.flatten().any(|part| self.names_fields(part))
    }
}

/// How a value fits a schema.
#[derive(Default)]
struct Fit<'v> {
    problems: Vec<String>,
    /// The fields that the schema speaks of.
    known: Vec<&'v String>,
}

impl<'v> Fit<'v> {
    fn add(&mut self, other: Fit<'v>) {
        self.problems.extend(other.problems);
        self.known.extend(other.known);
    }
}

fn has_type(schema: &Value, value: &Value) -> bool {
    let is = |kind: &Value| match kind.as_str().unwrap() {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        kind => panic!("unknown type {kind}"),
    };
    match schema.get("type") {
        None => true,
        Some(Value::Array(kinds)) => kinds.iter().any(is),
        Some(kind) => is(kind),
    }
}
