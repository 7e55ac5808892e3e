//! Plain entries against packed blocks: bytes, writing, reading, a small update, on the words and word pairs of real text.
//!
//! `cargo bench -p quarry-storage --bench layout -- FILE.ndjson [FIELD ...]`, FILE unpacked.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::time::Instant;

use quarry_storage::{Environment, EnvironmentOptions, PlainTable, PostingsTable};
use roaring::RoaringBitmap;

/// Keys in order with their ascending ids.
type Entries = BTreeMap<Vec<u8>, Vec<u32>>;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let Some((file, fields)) = arguments.split_first() else {
        println!("no file given: nothing measured");
        return;
    };
    let (words, pairs, documents) = read(file, fields);
    println!("{documents} documents, {} words, {} pairs", words.len(), pairs.len());
    println!(
        "| table | layout | MB | bytes an entry | write s | 10,000 reads ms | scan ms | one document added ms |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for (name, entries) in [("words", &words), ("pairs", &pairs)] {
        measure(name, "plain", entries, documents, Plain::open);
        measure(name, "packed", entries, documents, Packed::open);
    }
}

fn read(file: &str, fields: &[String]) -> (Entries, Entries, u32) {
    let text = std::fs::read_to_string(file).unwrap();
    let (mut words, mut pairs) = (Entries::new(), Entries::new());
    for (id, line) in text.lines().enumerate() {
        let document: serde_json::Value = serde_json::from_str(line).unwrap();
        for field in fields {
            let value =
                document.get(field).and_then(|value| value.as_str()).unwrap_or_default().to_lowercase();
            let tokens: Vec<&str> =
                value.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).collect();
            for (at, word) in tokens.iter().enumerate() {
                add(&mut words, format!("{word}\0").into_bytes(), id as u32);
                for distance in 1..=3 {
                    if let Some(right) = tokens.get(at + distance) {
                        let mut key = format!("{word}\0{right}\0").into_bytes();
                        key.push(distance as u8);
                        add(&mut pairs, key, id as u32);
                    }
                }
            }
        }
    }
    (words, pairs, text.lines().count() as u32)
}

fn add(entries: &mut Entries, key: Vec<u8>, id: u32) {
    let ids = entries.entry(key).or_default();
    if ids.last() != Some(&id) {
        ids.push(id);
    }
}

trait Layout {
    fn write(&self, entries: &Entries);
    fn update(&self, changes: &[(&[u8], u32)]);
    fn get(&self, key: &[u8]) -> u64;
    fn scan(&self) -> u64;
    fn bytes(&self) -> u64;
}

fn measure<L: Layout>(
    name: &str,
    layout: &str,
    entries: &Entries,
    documents: u32,
    open: fn(Environment) -> L,
) {
    let folder = tempfile::tempdir().unwrap();
    let options = EnvironmentOptions { map_size_bytes: 8 << 30, ..EnvironmentOptions::default() };
    let table = open(Environment::open(folder.path(), &options).unwrap());
    let write = timed(|| table.write(entries));
    let step = (entries.len() / 10_000).max(1);
    let reads = timed(|| entries.keys().step_by(step).map(|key| table.get(key)).sum::<u64>());
    let scan = timed(|| table.scan());
    // About as many keys as one document of 80 words touches.
    let touched = if name == "pairs" { 240 } else { 80 };
    let every = (entries.len() / touched).max(1);
    let changes: Vec<(&[u8], u32)> =
        entries.keys().step_by(every).map(|key| (key.as_slice(), documents)).collect();
    let update = timed(|| table.update(&changes));
    let bytes = table.bytes();
    println!(
        "| {name} | {layout} | {:.1} | {:.1} | {write:.2} | {:.1} | {:.0} | {:.1} |",
        bytes as f64 / 1e6,
        bytes as f64 / entries.len() as f64,
        reads * 1e3,
        scan * 1e3,
        update * 1e3,
    );
}

fn timed<T>(work: impl FnOnce() -> T) -> f64 {
    let start = Instant::now();
    std::hint::black_box(work());
    start.elapsed().as_secs_f64()
}

/// One LMDB entry a key; the value is a Roaring bitmap, or the ids as they are while there are few.
struct Plain {
    environment: Environment,
    table: PlainTable,
}

impl Plain {
    fn open(environment: Environment) -> Plain {
        let table = environment.plain_table("plain").unwrap();
        Plain { environment, table }
    }

    fn encode(ids: &[u32]) -> Vec<u8> {
        if ids.len() <= 7 {
            return ids.iter().flat_map(|id| id.to_le_bytes()).collect();
        }
        let mut bitmap: RoaringBitmap = ids.iter().copied().collect();
        bitmap.optimize();
        let mut out = vec![0xff];
        bitmap.serialize_into(&mut out).unwrap();
        out
    }

    fn decode(value: &[u8]) -> RoaringBitmap {
        if value.len().is_multiple_of(4) && value.len() <= 28 {
            return value.chunks_exact(4).map(|id| u32::from_le_bytes(id.try_into().unwrap())).collect();
        }
        RoaringBitmap::deserialize_from(&value[1..]).unwrap()
    }
}

impl Layout for Plain {
    fn write(&self, entries: &Entries) {
        let mut txn = self.environment.write_txn().unwrap();
        for (key, ids) in entries {
            self.table.append(&mut txn, key, &Self::encode(ids)).unwrap();
        }
        txn.commit().unwrap();
    }

    fn update(&self, changes: &[(&[u8], u32)]) {
        let mut txn = self.environment.write_txn().unwrap();
        for (key, id) in changes {
            let mut ids = Self::decode(self.table.get(&txn, key).unwrap().unwrap());
            ids.insert(*id);
            let ids: Vec<u32> = ids.iter().collect();
            self.table.put(&mut txn, key, &Self::encode(&ids)).unwrap();
        }
        txn.commit().unwrap();
    }

    fn get(&self, key: &[u8]) -> u64 {
        let txn = self.environment.read_txn().unwrap();
        self.table.get(&txn, key).unwrap().map_or(0, |value| Self::decode(value).len())
    }

    fn scan(&self) -> u64 {
        let txn = self.environment.read_txn().unwrap();
        self.table.iter(&txn).unwrap().map(|entry| Self::decode(entry.unwrap().1).len()).sum()
    }

    fn bytes(&self) -> u64 {
        self.table.size_bytes(&self.environment.read_txn().unwrap()).unwrap()
    }
}

struct Packed {
    environment: Environment,
    table: PostingsTable,
}

impl Packed {
    fn open(environment: Environment) -> Packed {
        let table = environment.plain_table("packed").unwrap().into();
        Packed { environment, table }
    }
}

impl Layout for Packed {
    fn write(&self, entries: &Entries) {
        let mut txn = self.environment.write_txn().unwrap();
        let mut writer = self.table.direct_writer(&mut txn);
        for (key, ids) in entries {
            writer.apply(key, ids, &[]).unwrap();
        }
        writer.finish().unwrap();
        txn.commit().unwrap();
    }

    fn update(&self, changes: &[(&[u8], u32)]) {
        let mut txn = self.environment.write_txn().unwrap();
        let mut writer = self.table.direct_writer(&mut txn);
        for (key, id) in changes {
            writer.apply(key, &[*id], &[]).unwrap();
        }
        writer.finish().unwrap();
        txn.commit().unwrap();
    }

    fn get(&self, key: &[u8]) -> u64 {
        let txn = self.environment.read_txn().unwrap();
        self.table.get(&txn, key).unwrap().map_or(0, |ids| ids.len())
    }

    fn scan(&self) -> u64 {
        let txn = self.environment.read_txn().unwrap();
        let mut cursor = self.table.cursor(&txn, b"").unwrap();
        let mut total = 0;
        while let Some((_, postings)) = cursor.next().unwrap() {
            total += postings.decode().unwrap().len();
        }
        total
    }

    fn bytes(&self) -> u64 {
        self.table.entries().blocks().size_bytes(&self.environment.read_txn().unwrap()).unwrap()
    }
}
