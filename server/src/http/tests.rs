//! A server that is really started, asked over its socket: every way in which local servers were broken into, and the rest.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use hopgraph::engine::{Edge, Mention, NewDocument, NewSentence, Node, NodeId, Polarity, RelationType, Run, RunKind};
use hopgraph::{Access, Graph, GraphOptions};
use serde_json::{Value as Json, json};

use super::*;
use crate::answer::Limits;
use crate::limits::{EXPANSION_MAX, HOPS_MAX, PAIRS_MAX, PATHS_MAX, PIECES_MAX, ROWS_MAX, SHOWN_MAX, STARTS_MAX};

const TOKEN: &str = "0123456789abcdef";

/// A query that would run for days, and holds little meanwhile.
const ENDLESS: &str = "UNWIND range(1, 100000) AS a UNWIND range(1, 100000) AS b UNWIND range(1, 100000) AS c \
                       RETURN sum((a * b + c) % 7)";

/// Genes and diseases: BRCA1 - cancer in one sentence, cancer - TP53 - anemia as facts, and one denied relation.
fn fill(graph: &Graph) {
    let mut change = graph.write().unwrap();
    let [gene, disease] = ["gene", "disease"].map(|name| change.label(name).unwrap());
    for (label, name, identifier) in [
        (gene, "BRCA1", "NCBIGene:672"),
        (disease, "breast cancer", "MESH:D001943"),
        (gene, "TP53", "NCBIGene:7157"),
        (disease, "anemia", "MESH:D000740"),
    ] {
        let (name, identifiers) = (name.to_owned(), vec![identifier.to_owned()]);
        change.add_node(Node { labels: vec![label], name, identifiers, ..Node::default() }).unwrap();
    }
    let mut kind = |name: &str, polarity| {
        change.relation_type(&RelationType { name: name.to_owned(), polarity, symmetric: true }).unwrap()
    };
    let (stated, denied) = (kind("associated", Polarity::Asserted), kind("not_associated", Polarity::Denied));
    let mention = |node, start, end| Mention { node: NodeId::new(node), start, end };
    let text = "β BRCA1 causes breast cancer <b>".to_owned();
    let sentences = vec![NewSentence { start: 0, text, mentions: vec![mention(0, 2, 7), mention(1, 15, 28)] }];
    let identifier = "PMID:1".to_owned();
    let document = NewDocument { identifier, title: "T".into(), year: Some(2001), sentences, ..NewDocument::default() };
    let document = change.add_document(&document).unwrap();
    let answers = vec![("True".to_owned(), Some("associated".to_owned())), ("False".to_owned(), None)];
    let kind = RunKind::Model {
        model: "m".into(),
        weights_hash: "abcdef0123".into(),
        quantization: "Q8_0".into(),
        prompt: "?".into(),
        answers,
        threshold_thousandths: 500,
    };
    let run = change.begin_run(&Run { kind, started: "2026-01-01".into(), program: "hopgraph".into() }).unwrap();
    let sentence = hopgraph::engine::View::document(&*change, document).unwrap().unwrap().first_sentence;
    let edge = |relation, source, target| Edge { relation, source: NodeId::new(source), target: NodeId::new(target) };
    change.add_evidence(edge(stated, 0, 1), sentence, run, 0.9, &[0.9, 0.1]).unwrap();
    let hand = change.hand().unwrap();
    change.add_fact(edge(stated, 1, 2), hand).unwrap();
    change.add_fact(edge(stated, 2, 3), hand).unwrap();
    change.add_fact(edge(denied, 0, 3), hand).unwrap();
    change.mark_document(run, document).unwrap();
    change.commit().unwrap();
}

/// A server in a thread of its own.
struct Running {
    socket: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    _folder: tempfile::TempDir,
    path: std::path::PathBuf,
}

impl Running {
    fn start(write: bool, limits: Limits) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("g.hopgraph");
        fill(&Graph::open(&path).unwrap());
        Self::over(folder, path, write, limits)
    }

    fn over(folder: tempfile::TempDir, path: std::path::PathBuf, write: bool, limits: Limits) -> Self {
        let access = if write { Access::ReadWrite } else { Access::ReadOnly };
        let graph = Graph::open_with(&path, &GraphOptions { access, ..GraphOptions::default() }).unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let (sender, receiver) = mpsc::channel();
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let token = Token::given(TOKEN).unwrap();
            let options = ServeOptions { port: 0, listen: None, token, at_once: 2 };
            let ready = |address: &Address| sender.send(address.clone()).unwrap();
            serve(Service::new(graph, limits, None), &options, ready, move || stopped.load(Ordering::Relaxed)).unwrap();
        });
        let address: Address = receiver.recv().unwrap();
        assert_eq!(address.url, format!("http://{}/#token={TOKEN}", address.socket));
        Self { socket: address.socket, stop, thread: Some(thread), _folder: folder, path }
    }

    fn host(&self) -> String {
        self.socket.to_string()
    }

    /// Sends a request as it stands; gives status, headers and body.
    fn raw(&self, text: &str) -> (u16, String, Vec<u8>) {
        let mut stream = TcpStream::connect(self.socket).unwrap();
        stream.write_all(text.as_bytes()).unwrap();
        read_response(stream)
    }

    /// A request with these headers beside its length.
    fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> (u16, String, Vec<u8>) {
        let mut text = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
        for (name, value) in headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
        self.raw(&text)
    }

    fn status(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> u16 {
        self.send(method, path, headers, body).0
    }

    /// Asks as the page does.
    fn ask(&self, topic: &str, question: Json) -> Result<Json, Json> {
        let (host, origin) = (self.host(), format!("http://{}", self.socket));
        let bearer = format!("Bearer {TOKEN}");
        let headers = [
            ("Host", host.as_str()),
            ("Origin", &origin),
            ("Authorization", &bearer),
            ("Content-Type", "application/json"),
        ];
        let (status, _, body) = self.send("POST", &format!("/api/v1/{topic}"), &headers, &question.to_string());
        let json: Json = serde_json::from_slice(&body).unwrap();
        if status == 200 { Ok(json) } else { Err(json["error"].clone()) }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn read_response(stream: TcpStream) -> (u16, String, Vec<u8>) {
    let mut reader = BufReader::new(stream);
    let (mut head, mut line) = (String::new(), String::new());
    while reader.read_line(&mut line).unwrap() > 2 {
        head.push_str(&line.to_lowercase());
        line.clear();
    }
    let mut body = Vec::new();
    let _ = reader.read_to_end(&mut body);
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    (status, head, body)
}

fn reading() -> Running {
    Running::start(false, Limits::default())
}

#[test]
fn it_listens_on_this_machine_only() {
    let server = reading();
    assert!(server.socket.ip().is_loopback());
}

#[test]
fn a_foreign_name_is_refused_on_every_route() {
    let server = reading();
    let port = server.socket.port();
    let bearer = format!("Bearer {TOKEN}");
    let routes = ["/", "/page.js", "/layout.js", "/page.css", "/icon.svg", "/licences.txt", "/nothing", "/api/v1"];
    let topics: Vec<String> = TOPICS.iter().map(|topic| format!("/api/v1/{}", topic.name)).collect();
    for route in routes.into_iter().chain(topics.iter().map(String::as_str)).chain(["/api/v1/export"]) {
        for host in [
            "evil.example".to_owned(),
            format!("evil.example:{port}"),
            format!("127.0.0.1.evil.example:{port}"),
            format!("localhost.evil.example:{port}"),
            format!("127.0.0.2:{port}"),
            format!("0.0.0.0:{port}"),
            format!("127.0.0.1:{}", port.wrapping_add(1)),
            "127.0.0.1".to_owned(),
            String::new(),
        ] {
            let status = server.status("GET", route, &[("Host", &host), ("Authorization", &bearer)], "");
            assert_eq!(status, 421, "{route} by the name {host:?}");
        }
    }
    let none = server.raw("GET / HTTP/1.0\r\n\r\n").0;
    assert_eq!(none, 421, "no name at all");
    let two = format!("GET / HTTP/1.1\r\nConnection: close\r\nHost: {}\r\nHost: evil.example\r\n\r\n", server.host());
    assert_ne!(server.raw(&two).0, 200, "two names");
    for host in
        [format!("127.0.0.1:{port}"), format!("localhost:{port}"), format!("LOCALHOST:{port}"), format!("[::1]:{port}")]
    {
        assert_eq!(server.status("GET", "/", &[("Host", &host)], ""), 200, "{host}");
    }
}

#[test]
fn the_api_needs_the_token_in_a_header() {
    let server = reading();
    let host = server.host();
    let get = |path: &str, headers: &[(&str, &str)]| {
        let mut all = vec![("Host", host.as_str())];
        all.extend(headers);
        server.status("GET", path, &all, "")
    };
    let bearer = format!("Bearer {TOKEN}");
    assert_eq!(get("/api/v1", &[("Authorization", &bearer)]), 200);
    for topic in TOPICS {
        assert_eq!(get(&format!("/api/v1/{}", topic.name), &[]), 401, "{}", topic.name);
    }
    assert_eq!(get("/api/v1/export", &[]), 401);
    for (name, value) in [
        ("Authorization", "Bearer 0123456789abcdeX"),
        ("Authorization", TOKEN),
        ("Cookie", "token=0123456789abcdef"),
        ("Authorization", "Bearer "),
    ] {
        assert_eq!(get("/api/v1/overview", &[(name, value)]), 401, "{name}: {value}");
    }
    assert_eq!(get(&format!("/api/v1/overview?token={TOKEN}"), &[]), 401, "a token in an address is logged");
}

#[test]
fn other_sites_can_neither_ask_nor_read() {
    let server = reading();
    let (host, bearer) = (server.host(), format!("Bearer {TOKEN}"));
    let base = [("Host", host.as_str()), ("Authorization", &bearer), ("Content-Type", "application/json")];
    let with = |more: &[(&str, &str)]| {
        let mut headers = base.to_vec();
        headers.extend(more);
        server.send("POST", "/api/v1/overview", &headers, "{}")
    };
    assert_eq!(with(&[]).0, 200);
    for origin in ["http://evil.example", "null", "http://localhost", "https://127.0.0.1", "http://127.0.0.1:1"] {
        assert_eq!(with(&[("Origin", origin)]).0, 403, "{origin}");
    }
    assert_eq!(with(&[("Sec-Fetch-Site", "cross-site")]).0, 403);
    assert_eq!(with(&[("Sec-Fetch-Site", "same-site")]).0, 403);
    // Never a header that lets another origin read, whatever is asked.
    let origin = format!("http://{host}");
    for (method, path) in [("GET", "/"), ("POST", "/api/v1/overview"), ("OPTIONS", "/api/v1/query"), ("GET", "/api/x")]
    {
        let mut headers = base.to_vec();
        headers.extend([("Origin", origin.as_str()), ("Access-Control-Request-Method", "POST")]);
        let (_, head, _) = server.send(method, path, &headers, "{}");
        assert!(!head.contains("access-control-"), "{method} {path}: {head}");
        assert!(!head.contains("set-cookie"), "{method} {path}: {head}");
        assert!(head.contains("content-security-policy: default-src 'none'"), "{method} {path}: {head}");
        for policy in ["script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "connect-src 'self'"] {
            assert!(head.contains(policy), "{method} {path}: {policy}");
        }
        assert!(!head.contains("unsafe"), "{method} {path}");
        assert!(head.contains("x-content-type-options: nosniff") && head.contains("x-frame-options: deny"));
    }
}

#[test]
fn questions_are_posted_as_json_and_writes_come_from_the_page() {
    let server = Running::start(true, Limits::default());
    let (host, bearer, origin) = (server.host(), format!("Bearer {TOKEN}"), format!("http://{}", server.socket));
    let base = [("Host", host.as_str()), ("Authorization", &bearer)];
    let with = |method: &str, topic: &str, more: &[(&str, &str)], body: &str| {
        let mut headers = base.to_vec();
        headers.extend(more);
        server.status(method, &format!("/api/v1/{topic}"), &headers, body)
    };
    let json = ("Content-Type", "application/json");
    let from_page = ("Origin", origin.as_str());
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonx", ""] {
        assert_eq!(with("POST", "overview", &[("Content-Type", kind)], "{}"), 415, "{kind}");
    }
    let fact = r#"{"source":0,"type":"associated","target":3,"try":true}"#;
    assert_eq!(with("POST", "add-fact", &[json], fact), 403, "no origin");
    assert_eq!(with("POST", "add-fact", &[json, from_page], fact), 200);
    assert_eq!(with("GET", "add-fact?source=0", &[from_page], ""), 405);
    // A query can write here, so that it is asked as what writes.
    let query = r#"{"text":"RETURN 1"}"#;
    assert_eq!(with("POST", "query", &[json], query), 403);
    assert_eq!(with("POST", "query", &[json, from_page], query), 200);
    assert_eq!(with("GET", "query?text=RETURN%201", &[from_page], ""), 405);
    assert_eq!(with("GET", "export?text=RETURN%201&format=csv", &[from_page], ""), 405);
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"] {
        assert_eq!(with(method, "query", &[json, from_page], ""), 405, "{method}");
    }
}

#[test]
fn a_reading_server_cannot_be_talked_into_writing() {
    let server = reading();
    for text in [
        "CREATE (x:gene {name: 'X'})",
        "MATCH (g:gene) SET g.note = 1",
        "MATCH (g:gene) DETACH DELETE g",
        "RETRACT RUN 'hand'",
        "RETRACT DOCUMENT 'PMID:1'",
        "PROFILE CREATE (x:gene)",
        "MERGE (x:gene {name: 'X'}) RETURN x",
    ] {
        let error = server.ask("query", json!({ "text": text })).unwrap_err();
        assert_eq!(error["kind"], "read_only", "{text}: {error}");
    }
    for (topic, question) in [
        ("add-fact", json!({ "source": 0, "type": "associated", "target": 3 })),
        ("retract", json!({ "run": "hand" })),
        ("retract", json!({ "documents": ["PMID:1"] })),
        ("merge-nodes", json!({ "kept": 0, "other": 2 })),
        ("delete-relation", json!({ "edge": { "source": 0, "type": "associated", "target": 1 } })),
    ] {
        assert_eq!(server.ask(topic, question).unwrap_err()["kind"], "read_only", "{topic}");
    }
    assert!(server.ask("explain", json!({ "text": "CREATE (x:gene)", "profile": true })).is_err());
    assert_eq!(server.ask("overview", json!({})).unwrap()["nodes"], 4);
}

#[test]
fn no_statement_reads_files_of_the_machine() {
    let server = Running::start(true, Limits::default());
    for text in [
        "LOAD CSV FROM 'file:///etc/passwd' AS line RETURN line",
        "CALL apoc.load.json('/etc/passwd')",
        "CALL db.import('/etc/passwd')",
        "RETURN readFile('/etc/passwd')",
    ] {
        assert_eq!(server.ask("query", json!({ "text": text })).unwrap_err()["kind"], "question", "{text}");
    }
    for path in ["/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "//etc/passwd", "/page.js/../../Cargo.toml"] {
        let (status, _, body) = server.send("GET", path, &[("Host", &server.host())], "");
        assert_eq!(status, 404, "{path}");
        assert!(!String::from_utf8_lossy(&body).contains("root:"), "{path}");
    }
}

#[test]
fn a_question_has_a_budget() {
    let limits = Limits { time: Duration::from_millis(200), memory_bytes: 32 << 20 };
    let server = Running::start(false, limits);
    let began = Instant::now();
    let error = server.ask("query", json!({ "text": ENDLESS })).unwrap_err();
    assert_eq!(error["kind"], "limit", "{error}");
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    let large = "UNWIND range(1, 10000000) AS a RETURN count(DISTINCT toString(a) + 'some more text')";
    assert_eq!(server.ask("query", json!({ "text": large })).unwrap_err()["kind"], "limit");
    let body = format!("{{\"text\": \"{}\"}}", "x".repeat(BODY_BYTES_MAX));
    let bearer = format!("Bearer {TOKEN}");
    let host = server.host();
    let headers = [("Host", host.as_str()), ("Authorization", &bearer), ("Content-Type", "application/json")];
    assert_eq!(server.status("POST", "/api/v1/check", &headers, &body), 413);
}

#[test]
fn a_client_that_leaves_stops_its_query() {
    let server = Running::start(false, Limits { time: Duration::from_secs(600), ..Limits::default() });
    let body = json!({ "text": ENDLESS }).to_string();
    let request = format!(
        "POST /api/v1/query HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {TOKEN}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        server.host(),
        body.len()
    );
    // Two run at once: were these not stopped, no third would ever have its turn.
    for _ in 0..4 {
        let mut stream = TcpStream::connect(server.socket).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        std::thread::sleep(Duration::from_millis(100));
        drop(stream);
    }
    let answer = server.ask("query", json!({ "text": "RETURN 1 AS one" })).unwrap();
    assert_eq!(answer["rows"], json!([[1]]));
}

#[test]
fn fifty_clients_at_once_all_get_their_answers() {
    let server = Arc::new(reading());
    let clients: Vec<_> = (0..50)
        .map(|client| {
            let server = Arc::clone(&server);
            std::thread::spawn(move || {
                for number in 0..4 {
                    let text = format!("MATCH (g:gene)-[*1..3]-(d:disease) RETURN count(*) + {client} + {number} AS n");
                    let answer = server.ask("query", json!({ "text": text })).unwrap();
                    assert_eq!(answer["columns"], json!(["n"]));
                    assert_eq!(server.ask("search", json!({ "q": "brca" })).unwrap()["found"][0]["name"], "BRCA1");
                }
            })
        })
        .collect();
    clients.into_iter().for_each(|client| client.join().unwrap());
}

#[test]
fn a_reading_server_follows_a_writing_process() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("g.hopgraph");
    let writer = Graph::open(&path).unwrap();
    fill(&writer);
    let server = Running::over(folder, path, false, Limits::default());
    assert_eq!(server.ask("overview", json!({})).unwrap()["nodes"], 4);
    let mut change = writer.write().unwrap();
    change.add_node(Node { name: "late".to_owned(), ..Node::default() }).unwrap();
    change.commit().unwrap();
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(server.ask("search", json!({ "q": "late" })).unwrap()["found"][0]["name"], "late");
    assert_eq!(server.ask("overview", json!({})).unwrap()["nodes"], 5);
}

#[test]
fn another_writer_is_told_who_writes() {
    let server = Running::start(true, Limits::default());
    let error = Graph::open(&server.path).unwrap_err().to_string();
    assert!(error.contains(&format!("process id {}", std::process::id())), "{error}");
}

#[test]
fn an_export_is_whole_in_each_format() {
    let server = reading();
    let bearer = format!("Bearer {TOKEN}");
    let export = |format: &str, text: &str| {
        let host = server.host();
        let headers = [("Host", host.as_str()), ("Authorization", &bearer), ("Content-Type", "application/json")];
        server.send("POST", "/api/v1/export", &headers, &json!({ "text": text, "format": format }).to_string())
    };
    let text = "UNWIND range(1, 50000) AS n RETURN n, n * 0.5 AS half, 'a' + toString(n) AS name";
    for (format, media_type) in [
        ("csv", "text/csv"),
        ("jsonl", "application/x-ndjson"),
        ("arrow", "vnd.apache.arrow.stream"),
        ("parquet", "vnd.apache.parquet"),
    ] {
        let (status, head, body) = export(format, text);
        assert_eq!(status, 200);
        assert!(head.contains(media_type) && head.contains("attachment"), "{head}");
        let lines = body.iter().filter(|byte| **byte == b'\n').count();
        match format {
            // The pieces of the body are framed by lines of their own.
            "csv" | "jsonl" => assert!(lines >= 50_000, "{format}: {lines} lines"),
            _ => assert!(body.len() > 50_000, "{format}: {} bytes", body.len()),
        }
        assert!(body.ends_with(b"0\r\n\r\n"), "{format} ends as it should");
    }
    let (status, _, body) = export("csv", "RETURN nothing");
    assert_eq!(status, 400);
    assert_eq!(serde_json::from_slice::<Json>(&body).unwrap()["error"]["kind"], "question");
    assert_eq!(export("xlsx", "RETURN 1").0, 400);
    // An error behind the first rows breaks the file off instead of ending it.
    let (status, _, body) = export("jsonl", "UNWIND range(-50000, 5) AS n RETURN 10 / n AS m");
    assert_eq!(status, 200);
    assert!(!body.ends_with(b"0\r\n\r\n"), "a file that is not whole must not look whole");
}

#[test]
fn each_topic_answers_a_question_and_refuses_a_wrong_one() {
    let server = reading();
    let cases = [
        ("overview", json!({}), "/labels/0/label", json!("disease")),
        ("search", json!({ "q": "MESH:D0019" }), "/found/0/name", json!("breast cancer")),
        ("search", json!({ "q": "cancer" }), "/found/0/matched", json!("breast cancer")),
        ("search", json!({ "q": "b", "label": "gene" }), "/found/0/name", json!("BRCA1")),
        ("node", json!({ "id": 1 }), "/degree", json!(2)),
        ("degree", json!({ "node": 1 }), "/degree", json!(2)),
        ("expand", json!({ "node": 1, "limit": 1 }), "/total", json!(2)),
        ("expand", json!({ "node": 1, "shown": [0] }), "/nodes/0/name", json!("TP53")),
        (
            "among",
            json!({ "nodes": [0, 1, 3], "filter": { "polarity": "both" } }),
            "/edges/1/type",
            json!("not_associated"),
        ),
        ("evidence", json!({ "source": 1, "target": 0 }), "/pieces/0/document/identifier", json!("PMID:1")),
        ("evidence", json!({ "source": 1, "target": 0 }), "/pieces/0/answers/0/relation", json!("associated")),
        ("evidence", json!({ "source": 0, "target": 1, "search": "PMID:2" }), "/total", json!(0)),
        ("sentences", json!({ "nodes": [0, 1] }), "/total", json!(1)),
        ("document", json!({ "identifier": "PMID:1" }), "/sentences/0/mentions/1/end", json!(28)),
        ("discover", json!({ "from_label": "gene", "to_label": "disease" }), "/pairs/0/hops", json!(3)),
        ("discover", json!({ "from_names": ["BRCA1", "?"], "to_label": "disease" }), "/unknown", json!(["?"])),
        ("discover", json!({ "from_nodes": [0], "to_label": "disease" }), "/pairs/0/strength", json!(0.9_f32 as f64)),
        ("paths", json!({ "source": 0, "target": 3 }), "/paths/0/nodes", json!([0, 1, 2, 3])),
        ("query", json!({ "text": "RETURN $x", "parameters": { "x": 1 } }), "/rows/0/0", json!(1)),
        ("query", json!({ "text": "MATCH (n) RETURN n", "limit": 2 }), "/more", json!(true)),
        ("explain", json!({ "text": "EXPLAIN MATCH (g:gene) RETURN g" }), "/plan/0/inputs/0/inputs", json!([])),
        ("check", json!({ "text": "RETRUN 1" }), "/error/place/to", json!(6)),
        ("complete", json!({ "text": "MATCH (g:ge", "cursor": 11 }), "/words/0/apply", json!("gene")),
        ("runs", json!({}), "/runs/0/evidence", json!(1)),
        ("diff", json!({ "before": "m", "after": "hand" }), "/gained", json!(3)),
    ];
    for (topic, question, place, expected) in cases {
        let answer = server.ask(topic, question.clone()).unwrap_or_else(|error| panic!("{topic} {question}: {error}"));
        assert_eq!(answer.pointer(place), Some(&expected), "{topic} {question} at {place}: {answer}");
    }
    let wrong = [
        ("search", json!({}), "question"),
        ("search", json!({ "q": "x", "label": "none" }), "question"),
        ("node", json!({ "id": 99 }), "missing"),
        ("expand", json!({ "node": 0, "filter": { "types": ["none"] } }), "question"),
        ("expand", json!({ "node": 0, "shown": vec![1; SHOWN_MAX + 1] }), "question"),
        ("discover", json!({ "from_label": "gene", "to_label": "none" }), "question"),
        ("discover", json!({ "from_label": "gene", "to_label": "disease", "hops": HOPS_MAX + 1 }), "question"),
        ("discover", json!({ "from_names": vec!["x"; STARTS_MAX + 1], "to_label": "disease" }), "question"),
        ("paths", json!({ "source": 0, "target": 99 }), "missing"),
        ("paths", json!({ "source": 0, "target": 1, "hops": 0 }), "question"),
        ("document", json!({ "identifier": "PMID:2" }), "missing"),
        ("query", json!({ "text": "MATCH (g:gene" }), "question"),
        ("query", json!({ "text": "RETURN 1", "unknown": 1 }), "question"),
        ("diff", json!({ "before": "none", "after": "hand" }), "missing"),
        ("verify", json!({ "source": 0, "target": 1 }), "question"),
    ];
    for (topic, question, kind) in wrong {
        let error = server.ask(topic, question.clone()).expect_err(topic);
        assert_eq!(error["kind"], kind, "{topic}: {error}");
    }
}

#[test]
fn what_is_asked_past_a_limit_is_cut_and_says_so() {
    let server = reading();
    let rows =
        server.ask("query", json!({ "text": "UNWIND range(1, 200000) AS n RETURN n", "limit": u64::MAX })).unwrap();
    assert_eq!((rows["rows"].as_array().unwrap().len() as u64, &rows["more"]), (ROWS_MAX, &json!(true)));
    for (topic, question) in [
        ("expand", json!({ "node": 1, "limit": EXPANSION_MAX * 2 })),
        ("evidence", json!({ "source": 0, "target": 1, "limit": PIECES_MAX * 2 })),
        ("paths", json!({ "source": 0, "target": 3, "limit": PATHS_MAX * 2, "longer": true })),
        ("discover", json!({ "from_label": "gene", "to_label": "disease", "limit": PAIRS_MAX * 2 })),
    ] {
        server.ask(topic, question).unwrap_or_else(|error| panic!("{topic}: {error}"));
    }
}

#[test]
fn corrections_say_what_follows_before_they_are_done() {
    let server = Running::start(true, Limits::default());
    let relation = json!({ "source": 0, "type": "associated", "target": 1 });
    let reading = json!({ "reading": { "edge": relation, "sentence": 0, "run": 0 }, "try": true });
    assert_eq!(server.ask("retract", reading).unwrap()["done"]["edges"], 1);
    let tried = server.ask("retract", json!({ "documents": ["PMID:1"], "try": true })).unwrap();
    assert_eq!((&tried["done"]["sentences"], &tried["done"]["edges"]), (&json!(1), &json!(1)));
    assert_eq!(server.ask("retract", json!({ "run": "m", "try": true })).unwrap()["done"]["documents"], 1);
    assert_eq!(
        server.ask("merge-nodes", json!({ "kept": 0, "other": 2, "try": true })).unwrap()["done"]["edges_moved"],
        2
    );
    let overview = server.ask("overview", json!({})).unwrap();
    assert_eq!((&overview["edges"], &overview["documents"]), (&json!(4), &json!(1)), "nothing was done yet");

    server.ask("add-fact", json!({ "source": 0, "type": "causes", "target": 3 })).unwrap();
    assert_eq!(server.ask("overview", json!({})).unwrap()["edges"], 5);
    server.ask("merge-nodes", json!({ "kept": 0, "other": 2 })).unwrap();
    assert_eq!(server.ask("search", json!({ "q": "TP53" })).unwrap()["found"][0]["name"], "BRCA1");
    server.ask("delete-relation", json!({ "edge": { "source": 0, "type": "causes", "target": 3 } })).unwrap();
    server.ask("retract", json!({ "documents": ["PMID:1"] })).unwrap();
    assert_eq!(server.ask("overview", json!({})).unwrap()["documents"], 0);
    assert_eq!(server.ask("retract", json!({})).unwrap_err()["kind"], "question");
}

#[test]
fn files_of_the_page_come_compressed_or_not() {
    let server = reading();
    let host = server.host();
    let (_, head, zipped) = server.send("GET", "/page.js", &[("Host", &host), ("Accept-Encoding", "br, gzip")], "");
    assert!(head.contains("content-encoding: gzip") && head.contains("text/javascript"), "{head}");
    let (_, head, plain) = server.send("GET", "/page.js", &[("Host", &host)], "");
    assert!(!head.contains("content-encoding"), "{head}");
    assert!(zipped.len() * 2 < plain.len(), "{} of {} bytes", zipped.len(), plain.len());
}

#[test]
fn every_topic_stands_in_the_document() {
    let document = include_str!("../../API.md");
    for name in TOPICS.iter().map(|topic| topic.name).chain(["export"]) {
        assert!(document.contains(&format!("`{name}`")), "API.md says nothing of `{name}`");
    }
}
