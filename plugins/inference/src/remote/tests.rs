//! A server on this machine that misbehaves, and what a remote classifier makes of it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use super::RemoteClassifier;
use crate::{Classifier, InferenceError, Input, InputError, ModelFolder};

/// What the server does with a request: from its number, counted from 0, and its body to what is sent back; `None`
/// closes the connection without a word.
type Behaviour = dyn Fn(usize, &Value) -> Option<String> + Send + Sync;

/// A server that ends with the test, and how many requests came.
struct Server {
    endpoint: String,
    requests: Arc<AtomicUsize>,
    most_at_once: Arc<AtomicUsize>,
}

fn serve(behaviour: impl Fn(usize, &Value) -> Option<String> + Send + Sync + 'static) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}/v1/completions", listener.local_addr().unwrap());
    let (requests, most_at_once, now) =
        (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let behaviour: Arc<Behaviour> = Arc::new(behaviour);
    let (counted, most) = (Arc::clone(&requests), Arc::clone(&most_at_once));
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let (behaviour, counted, most, now) =
                (Arc::clone(&behaviour), Arc::clone(&counted), Arc::clone(&most), Arc::clone(&now));
            std::thread::spawn(move || {
                // A request is under way until its answer begins: its client sends no other before.
                let counted_behaviour = |number: usize, body: &Value| {
                    most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    let text = behaviour(number, body);
                    now.fetch_sub(1, Ordering::SeqCst);
                    text
                };
                answer(connection.unwrap(), &counted_behaviour, &counted);
            });
        }
    });
    Server { endpoint, requests, most_at_once }
}

/// Reads one request and answers it.
fn answer(mut connection: TcpStream, behaviour: &dyn Fn(usize, &Value) -> Option<String>, requests: &AtomicUsize) {
    let mut reader = BufReader::new(connection.try_clone().unwrap());
    let (mut length, mut key) = (0, None);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap() == 0 {
            return;
        }
        let line = line.trim_end().to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length: ") {
            length = value.parse().unwrap();
        }
        if let Some(value) = line.strip_prefix("authorization: ") {
            key = Some(value.to_owned());
        }
        if line.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let mut body: Value = serde_json::from_slice(&body).unwrap();
    body["key"] = json!(key);
    let number = requests.fetch_add(1, Ordering::SeqCst);
    if let Some(text) = behaviour(number, &body) {
        connection.write_all(text.as_bytes()).unwrap();
    }
}

fn respond(status: &str, headers: &str, body: &str) -> Option<String> {
    let length = body.len();
    Some(format!("HTTP/1.1 {status}\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\r\n{body}"))
}

/// An answer in the shape of vLLM.
fn tokens(tokens: &[(&str, f64)]) -> Option<String> {
    let map: serde_json::Map<String, Value> =
        tokens.iter().map(|&(text, probability)| (text.to_owned(), json!(probability.ln()))).collect();
    respond("200 OK", "", &json!({"choices": [{"text": "x", "logprobs": {"top_logprobs": [map]}}]}).to_string())
}

fn classifier(endpoint: &str, more: &str) -> Result<RemoteClassifier, InferenceError> {
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        "name = \"far\"\nprompt = \"\"\"\nRelated?\n{{sentence}}\nAnswer:\n\"\"\"\n[remote]\nendpoint = \"{endpoint}\"\n\
         model = \"m\"\n{more}\n[masks]\ngene = \"@GENE$\"\ndisease = \"@DISEASE$\"\n\
         [[answers]]\ntext = \"True\"\nrelation = \"associated\"\n[[answers]]\ntext = \"False\"\n"
    );
    std::fs::write(folder.path().join("model.toml"), text).unwrap();
    RemoteClassifier::new(&ModelFolder::read(folder.path()).unwrap())
}

fn sentence(number: usize) -> Input {
    Input::Masked(format!("@GENE$ {number} @DISEASE$"))
}

#[test]
fn the_first_tokens_of_the_answers_are_compared() {
    let server = serve(|_, body| {
        assert_eq!((&body["model"], &body["max_tokens"], &body["temperature"]), (&json!("m"), &json!(1), &json!(0)));
        assert_eq!(body["prompt"], "Related?\n@GENE$ 1 @DISEASE$\nAnswer:\n");
        assert_eq!(body["key"], Value::Null);
        tokens(&[(" True", 0.5), ("True", 0.1), ("Fal", 0.2), ("Maybe", 0.2)])
    });
    let found = classifier(&server.endpoint, "").unwrap().classify(&[sentence(1)]).unwrap().remove(0).unwrap();
    assert_eq!(found.answer, 0);
    assert!((found.probabilities[0] - 0.75).abs() < 1e-5, "0.6 against 0.2: {found:?}");
}

#[test]
fn the_shape_of_chats_is_read_too_and_a_missing_answer_is_less_probable_than_all() {
    let server = serve(|_, _| {
        let listed = json!([{"token": "False", "logprob": -0.1}, {"token": "No", "logprob": -3.0}]);
        let body = json!({"choices": [{"logprobs": {"content": [{"token": "False", "top_logprobs": listed}]}}]});
        respond("200 OK", "", &body.to_string())
    });
    let found = classifier(&server.endpoint, "").unwrap().classify(&[sentence(1)]).unwrap().remove(0).unwrap();
    assert_eq!((found.answer, found.logits[1]), (1, -0.1));
    assert!((found.logits[0] + 3.094).abs() < 0.01, "1 - exp(-0.1) - exp(-3) is left over: {found:?}");
}

#[test]
fn trouble_that_may_pass_is_tried_again() {
    let server = serve(|number, _| match number {
        0 => respond("500 Internal Server Error", "", "out of memory"),
        1 => respond("429 Too Many Requests", "Retry-After: 0\r\n", "slow down"),
        2 => respond("200 OK", "", "{\"choices\": [{\"logpr"),
        3 => None,
        _ => tokens(&[("True", 0.9)]),
    });
    let found = classifier(&server.endpoint, "").unwrap().classify(&[sentence(1)]).unwrap();
    assert_eq!(found[0].as_ref().unwrap().answer, 0);
    assert_eq!(server.requests.load(Ordering::SeqCst), 5);
}

#[test]
fn trouble_that_lasts_ends_with_what_the_server_said() {
    for (status, body, tries, expected) in [
        ("503 Service Unavailable", "loading", 5, "503 Service Unavailable: loading; given up after 5 tries"),
        ("401 Unauthorized", "no key", 1, "the server says 401 Unauthorized: no key"),
        ("200 OK", "{\"choices\": []}", 1, "no log-probabilities"),
    ] {
        let server = serve(move |_, _| respond(status, "Retry-After: 0\r\n", body));
        let error = classifier(&server.endpoint, "").unwrap().classify(&[sentence(1)]).unwrap_err().to_string();
        assert!(error.starts_with(&server.endpoint) && error.contains(expected), "{error}");
        assert_eq!(server.requests.load(Ordering::SeqCst), tries, "{status}");
    }
}

#[test]
fn many_inputs_are_asked_several_at_once_and_come_back_in_order() {
    let server = serve(|_, body| {
        let number: usize = body["prompt"].as_str().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        std::thread::sleep(Duration::from_millis(20 * (number as u64 % 3)));
        if number.is_multiple_of(2) {
            tokens(&[("True", 0.8), ("False", 0.1)])
        } else {
            tokens(&[("True", 0.1), ("False", 0.8)])
        }
    });
    let mut inputs: Vec<Input> = (0..20).map(sentence).collect();
    inputs.push(Input::Masked("no masks".into()));
    let found = classifier(&server.endpoint, "requests = 4").unwrap().classify(&inputs).unwrap();
    let answers: Vec<usize> = found[..20].iter().map(|one| one.as_ref().unwrap().answer).collect();
    assert_eq!(answers, (0..20).map(|number| number % 2).collect::<Vec<_>>());
    assert!(matches!(found[20], Err(InputError::MaskMissing { .. })));
    let most = server.most_at_once.load(Ordering::SeqCst);
    assert!((2..=4).contains(&most), "{most} requests at once");
}

#[test]
fn an_answer_that_is_none_and_a_server_that_is_slow_or_gone() {
    let server = serve(|_, _| tokens(&[("Perhaps", 0.9)]));
    let found = classifier(&server.endpoint, "").unwrap().classify(&[sentence(1)]).unwrap();
    assert_eq!(found, [Err(InputError::NoAnswer { said: "Perhaps".into() })]);

    let slow = serve(|number, _| {
        if number == 0 {
            std::thread::sleep(Duration::from_secs(2));
        }
        tokens(&[("True", 0.9)])
    });
    let found = classifier(&slow.endpoint, "seconds = 1").unwrap().classify(&[sentence(1)]).unwrap();
    assert_eq!((found[0].as_ref().unwrap().answer, slow.requests.load(Ordering::SeqCst)), (0, 2), "the second try");

    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = classifier(&format!("http://{gone}/"), "").unwrap().classify(&[sentence(1)]).unwrap_err();
    assert!(error.to_string().contains("given up after 5 tries"), "{error}");
}

#[test]
fn settings_that_cannot_work_are_refused() {
    let error = classifier("http://x/", "key_variable = \"HOPGRAPH_TEST_NO_SUCH_VARIABLE\"").err().unwrap().to_string();
    assert!(error.contains("HOPGRAPH_TEST_NO_SUCH_VARIABLE, which is to hold the key"), "{error}");
}
