//! Requests handed to an application in this process: time and allocations of one.

use crate::allocations;
use crate::checks::Answer;
use crate::peers::{App, Credentials, Peer};
use crate::statistics::{median, ratios};
use crate::token::Fixture;
use actix_web::body::{BoxBody, MessageBody, to_bytes};
use actix_web::dev::{Service, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::test::{TestRequest, init_service};
use actix_web::web::ServiceConfig;
use axum::Router;
use axum::body::Body;
use futures_util::FutureExt as _;
use std::hint::black_box;
use std::time::{Duration, Instant};
use tower_service::Service as _;

/// So many requests are made before the time is taken for them: few enough to stay in the cache.
const BATCH: usize = 32;
/// How long one peer is measured before it is the next one's turn.
const SLICE: Duration = Duration::from_millis(10);

/// What was found for one application.
pub struct Figures {
    pub nanoseconds: f64,
    /// Median over the rounds of time ÷ time without protection, and of their difference; NaN where there is no such
    /// application.
    pub ratio: f64,
    pub added: f64,
    pub allocations: u64,
    /// In comparison with the same.
    pub allocations_added: Option<i64>,
}

/// What was found for one peer.
pub struct Result {
    pub peer: &'static Peer,
    pub figures: Figures,
}

/// Measures those that can be called in this process, each for `each` in total.
pub fn measure_peers(peers: &[&'static Peer], fixture: &Fixture, each: Duration) -> Vec<Result> {
    let (peers, subjects): (Vec<_>, Vec<_>) =
        peers.iter().filter_map(|peer| Some((*peer, Subject::of_peer(peer, fixture)?))).unzip();
    let base = |peer: &Peer| peers.iter().position(|other| Some(other.name) == peer.base);
    let subjects = peers.iter().zip(subjects).map(|(peer, subject)| (subject, base(peer))).collect();
    let figures = measure(subjects, each);
    peers.iter().zip(figures).map(|(peer, figures)| Result { peer, figures }).collect()
}

/// Measures all of them, each in short slices by turns, for `each` in total. With each subject comes the position of
/// the one without protection that it is compared with.
pub fn measure(mut subjects: Vec<(Subject, Option<usize>)>, each: Duration) -> Vec<Figures> {
    for (subject, _) in &mut subjects {
        // What is filled once.
        subject.slice(SLICE);
    }
    let allocations: Vec<u64> = subjects.iter_mut().map(|(subject, _)| subject.allocations()).collect();
    let mut times = vec![Vec::new(); subjects.len()];
    let started = Instant::now();
    let total = each.mul_f64(subjects.len() as f64);
    while started.elapsed() < total {
        for ((subject, _), times) in subjects.iter_mut().zip(&mut times) {
            times.push(subject.slice(SLICE));
        }
    }
    let bases = subjects.iter().map(|(_, base)| *base);
    times
        .iter()
        .zip(&allocations)
        .zip(bases)
        .map(|((own, count), base)| {
            let base_times = base.map(|at| times[at].as_slice()).unwrap_or_default();
            let added: Vec<f64> = own.iter().zip(base_times).map(|(time, base)| time - base).collect();
            Figures {
                nanoseconds: median(own),
                ratio: median(&ratios(own, base_times)),
                added: median(&added),
                allocations: *count,
                allocations_added: base.map(|at| count.cast_signed() - allocations[at].cast_signed()),
            }
        })
        .collect()
}

/// `times` requests made, and handed to the application unless `only_made`: for counting from outside.
pub fn work(peer: &Peer, fixture: &Fixture, times: usize, only_made: bool) {
    let Some(mut run) = Subject::of_peer(peer, fixture) else { return };
    for _ in 0..4 {
        run.app.batch(&mut run.headers);
    }
    for _ in 0..times / BATCH {
        if only_made {
            run.app.make(&mut run.headers)
        } else {
            run.app.batch(&mut run.headers);
        }
    }
}

/// Of how many requests `work` makes a multiple.
pub const fn batch_size() -> usize {
    BATCH
}

/// One request, for checks. None: not a peer that can be called in this process.
pub fn once(peer: &Peer, fixture: &Fixture, token: Option<&str>) -> Option<Answer> {
    Some(app(peer, fixture)?.once(token.map(|token| peer.credentials.header(token))))
}

/// An application, and the headers of the requests that it is asked with.
pub struct Subject {
    app: Box<dyn Application>,
    headers: Headers,
}

type Header = (&'static str, String);

/// The header with the token; where there are several, by turns.
struct Headers {
    all: Vec<Header>,
    next: usize,
}

impl Headers {
    fn new(credentials: Credentials, tokens: &[impl AsRef<str>]) -> Self {
        Self { all: tokens.iter().map(|token| credentials.header(token.as_ref())).collect(), next: 0 }
    }

    fn next(&mut self) -> &Header {
        let at = self.next;
        self.next = (at + 1) % self.all.len();
        &self.all[at]
    }
}

impl Subject {
    /// An actix application with `GET /protected`, and bearer tokens.
    pub fn actix(configure: impl FnOnce(&mut ServiceConfig), tokens: &[impl AsRef<str>]) -> Self {
        Self { app: actix(configure), headers: Headers::new(Credentials::Bearer, tokens) }
    }

    fn of_peer(peer: &Peer, fixture: &Fixture) -> Option<Self> {
        Some(Self { app: app(peer, fixture)?, headers: Headers::new(peer.credentials, &[&fixture.token]) })
    }

    /// Statuses of the answers to a request with its token, and to one without.
    pub fn statuses(&mut self) -> [u16; 2] {
        [Some(self.headers.next().clone()), None].map(|header| self.app.once(header).status)
    }

    /// Nanoseconds per request.
    fn slice(&mut self, duration: Duration) -> f64 {
        let (mut taken, mut requests) = (Duration::ZERO, 0);
        while taken < duration {
            taken += self.app.batch(&mut self.headers);
            requests += BATCH;
        }
        taken.as_nanos() as f64 / requests as f64
    }

    /// Allocations per request: those of making it are subtracted.
    fn allocations(&mut self) -> u64 {
        let all = allocations::count(|| {
            self.app.batch(&mut self.headers);
        });
        let made = allocations::count(|| self.app.make(&mut self.headers));
        all.saturating_sub(made) / BATCH as u64
    }
}

/// An application that never waits for anything.
trait Application {
    /// Makes requests and hands them over: the time of the latter.
    fn batch(&mut self, headers: &mut Headers) -> Duration;
    /// Only makes them.
    fn make(&mut self, headers: &mut Headers);
    fn once(&mut self, header: Option<Header>) -> Answer;
}

fn app(peer: &Peer, fixture: &Fixture) -> Option<Box<dyn Application>> {
    match peer.app {
        App::Actix(configure) => Some(actix(|config| configure(config, fixture))),
        App::Axum(router) => Some(Box::new(Axum(router(fixture)))),
        App::External(_) => None,
    }
}

fn actix(configure: impl FnOnce(&mut ServiceConfig)) -> Box<dyn Application> {
    let app = actix_web::App::new().configure(configure);
    Box::new(Actix(init_service(app).now_or_never().expect("never waits")))
}

/// The time of `call` for all of the requests.
fn timed<R>(requests: [R; BATCH], call: impl FnMut(R)) -> Duration {
    let started = Instant::now();
    requests.into_iter().for_each(call);
    started.elapsed()
}

struct Actix<S>(S);

impl<S, B> Actix<S>
where
    S: Service<actix_http::Request, Response = ServiceResponse<B>, Error = actix_web::Error>,
{
    fn request(header: Option<&Header>) -> actix_http::Request {
        let request = TestRequest::get().uri("/protected").insert_header(("host", "localhost"));
        let request = request.insert_header(("accept", "*/*"));
        match header {
            Some((name, value)) => request.insert_header((*name, value.as_str())),
            None => request,
        }
        .to_request()
    }
}

impl<S, B> Application for Actix<S>
where
    S: Service<actix_http::Request, Response = ServiceResponse<B>, Error = actix_web::Error>,
    B: MessageBody + 'static,
{
    fn batch(&mut self, headers: &mut Headers) -> Duration {
        timed(std::array::from_fn(|_| Self::request(Some(headers.next()))), |request| {
            let response = self.0.call(request).now_or_never().expect("never waits").expect("no error");
            assert_eq!(response.status(), StatusCode::OK);
            black_box(response);
        })
    }

    fn make(&mut self, headers: &mut Headers) {
        let requests: [_; BATCH] = std::array::from_fn(|_| Self::request(Some(headers.next())));
        black_box(requests);
    }

    fn once(&mut self, header: Option<Header>) -> Answer {
        let response = match self.0.call(Self::request(header.as_ref())).now_or_never().expect("never waits") {
            Ok(response) => response.into_parts().1.map_into_boxed_body(),
            Err(error) => error.error_response().map_into_boxed_body(),
        };
        let (response, body): (_, BoxBody) = response.into_parts();
        let body = to_bytes(body).now_or_never().expect("never waits").unwrap_or_default();
        Answer { status: response.status().as_u16(), body: body.to_vec() }
    }
}

struct Axum(Router);

impl Axum {
    fn request(header: Option<&Header>) -> axum::http::Request<Body> {
        let request = axum::http::Request::get("/protected").header("host", "localhost").header("accept", "*/*");
        let request = match header {
            Some((name, value)) => request.header(*name, value.as_str()),
            None => request,
        };
        request.body(Body::empty()).expect("a request")
    }
}

impl Application for Axum {
    fn batch(&mut self, headers: &mut Headers) -> Duration {
        timed(std::array::from_fn(|_| Self::request(Some(headers.next()))), |request| {
            let Ok(response) = self.0.call(request).now_or_never().expect("never waits");
            assert_eq!(response.status(), axum::http::StatusCode::OK);
            black_box(response);
        })
    }

    fn make(&mut self, headers: &mut Headers) {
        let requests: [_; BATCH] = std::array::from_fn(|_| Self::request(Some(headers.next())));
        black_box(requests);
    }

    fn once(&mut self, header: Option<Header>) -> Answer {
        let Ok(response) = self.0.call(Self::request(header.as_ref())).now_or_never().expect("never waits");
        let status = response.status().as_u16();
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).now_or_never().expect("never waits");
        Answer { status, body: body.unwrap_or_default().to_vec() }
    }
}
