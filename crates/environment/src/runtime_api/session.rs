//! What one runtime process has done so far, and which request fits it.
//!
//! ```text
//!  Started ──next──► Ready ──answer──► ResponseSent ──next──► Ready …
//!     └──init error──► InitError        (Ready: it waits for an event, or works on one; asking again gives the same)
//! ```

use bytes::Bytes;
use lanthorn_model::invocation::RequestId;
use tokio::sync::oneshot;

use super::refusal::Refusal;
use super::{Delivery, Request};

/// What the driver has to know of a request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// The runtime asks for an event.
    Ready,
    /// It answers the event it has.
    Answered(Answer),
    /// It cannot initialise.
    InitError(Answer),
}

/// What a runtime answers.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The handler returned this.
    Response(Bytes),
    /// The handler failed; the type is as the runtime claims it.
    Error {
        /// For logs and metrics.
        error_type: String,
        /// For the caller.
        payload: Bytes,
    },
    /// More than may be passed on.
    TooLarge,
    /// A response mode that does not exist.
    InvalidResponseMode,
}

#[derive(Default)]
pub(super) struct Session {
    state: State,
    /// Who asks for the next event.
    waiting: Option<oneshot::Sender<Result<Delivery, Refusal>>>,
    /// The event the runtime works on, kept for a runtime that asks twice.
    current: Option<(RequestId, Delivery)>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Started,
    InitError,
    Ready,
    ResponseSent,
}

impl Session {
    /// Carries out a request or refuses it; tells what is new in it.
    pub(super) fn hear(&mut self, request: Request) -> Option<Said> {
        match request {
            Request::Next { reply } => self.next(reply),
            Request::Answer { id, answer, reply } => {
                let verdict = self.answered(id, &answer);
                let _ = reply.send(verdict.and_then(|()| complaint(&answer)));
                verdict.is_ok().then_some(Said::Answered(answer))
            }
            Request::InitError { answer, reply } => {
                let verdict = self.init_failed();
                let _ = reply.send(verdict);
                verdict.is_ok().then_some(Said::InitError(answer))
            }
        }
    }

    /// Hands an event to whoever asks.
    pub(super) fn deliver(&mut self, id: RequestId, delivery: Delivery) {
        self.current = Some((id, delivery.clone()));
        if let Some(waiting) = self.waiting.take() {
            // A runtime that has hung up asks again and gets the event then.
            let _ = waiting.send(Ok(delivery));
        }
    }

    fn next(&mut self, reply: oneshot::Sender<Result<Delivery, Refusal>>) -> Option<Said> {
        match (self.state, &self.current) {
            (State::InitError, _) => {
                let _ = reply.send(Err(self.refuse("Ready")));
                None
            }
            (State::Ready, Some((_, delivery))) => {
                let _ = reply.send(Ok(delivery.clone()));
                None
            }
            (State::Ready, None) => {
                self.waiting = Some(reply);
                None
            }
            (State::Started | State::ResponseSent, _) => {
                self.state = State::Ready;
                self.current = None;
                self.waiting = Some(reply);
                Some(Said::Ready)
            }
        }
    }

    fn answered(&mut self, id: RequestId, answer: &Answer) -> Result<(), Refusal> {
        if self.current.as_ref().is_none_or(|(current, _)| *current != id) {
            return Err(Refusal::InvalidRequestId);
        }
        if self.state != State::Ready {
            return Err(self.refuse(match answer {
                Answer::Error { .. } => "InvocationErrorResponse",
                _ => "InvocationResponse",
            }));
        }
        self.state = State::ResponseSent;
        Ok(())
    }

    fn init_failed(&mut self) -> Result<(), Refusal> {
        if self.state != State::Started {
            return Err(self.refuse("InitError"));
        }
        self.state = State::InitError;
        Ok(())
    }

    fn refuse(&self, to: &'static str) -> Refusal {
        let from = match self.state {
            State::Started => "Started",
            State::InitError => "InitError",
            State::Ready => "Ready",
            State::ResponseSent => "RuntimeResponseSentState",
        };
        Refusal::Transition { from, to }
    }
}

/// What the runtime is told of an answer that ends the call but is not passed on.
fn complaint(answer: &Answer) -> Result<(), Refusal> {
    match answer {
        Answer::Response(_) | Answer::Error { .. } => Ok(()),
        Answer::TooLarge => Err(Refusal::TooLarge),
        Answer::InvalidResponseMode => Err(Refusal::InvalidResponseMode),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;

    fn next(session: &mut Session) -> (Option<Said>, oneshot::Receiver<Result<Delivery, Refusal>>) {
        let (reply, answer) = oneshot::channel();
        (session.hear(Request::Next { reply }), answer)
    }

    fn respond(session: &mut Session, id: RequestId, answer: Answer) -> (bool, Result<(), Refusal>) {
        let (reply, mut verdict) = oneshot::channel();
        let said = session.hear(Request::Answer { id, answer, reply });
        (said.is_some(), verdict.try_recv().expect("an answer is judged at once"))
    }

    fn delivery(event: &'static str) -> Delivery {
        Delivery { headers: HeaderMap::new(), event: Bytes::from_static(event.as_bytes()) }
    }

    fn response() -> Answer {
        Answer::Response(Bytes::from_static(b"{}"))
    }

    #[test]
    fn a_runtime_that_asks_again_gets_the_same_event() {
        let mut session = Session::default();
        let (said, mut first) = next(&mut session);
        assert_eq!(said, Some(Said::Ready));
        let id = RequestId::random();
        session.deliver(id, delivery("1"));
        assert_eq!(first.try_recv().expect("delivered").expect("an event").event, "1");
        let (said, mut again) = next(&mut session);
        assert_eq!(said, None);
        assert_eq!(again.try_recv().expect("delivered").expect("an event").event, "1");
        assert_eq!(respond(&mut session, id, response()), (true, Ok(())));
    }

    #[test]
    fn what_does_not_fit_is_refused_in_awss_words() {
        let mut session = Session::default();
        let id = RequestId::random();
        assert_eq!(respond(&mut session, id, response()), (false, Err(Refusal::InvalidRequestId)));
        let _first = next(&mut session);
        session.deliver(id, delivery("1"));
        let stranger = RequestId::random();
        assert_eq!(respond(&mut session, stranger, response()), (false, Err(Refusal::InvalidRequestId)));
        assert_eq!(respond(&mut session, id, response()), (true, Ok(())));
        let (said, verdict) = respond(&mut session, id, response());
        let refusal = verdict.expect_err("answered before");
        assert!(!said);
        assert_eq!(
            refusal.body(),
            r#"{"errorMessage":"State transition from RuntimeResponseSentState to InvocationResponse failed for runtime. Error: State transition is not allowed","errorType":"InvalidStateTransition"}"#
        );
        let (reply, mut verdict) = oneshot::channel();
        assert_eq!(session.hear(Request::InitError { answer: response(), reply }), None);
        let late = Refusal::Transition { from: "RuntimeResponseSentState", to: "InitError" };
        assert_eq!(verdict.try_recv(), Ok(Err(late)));
    }

    #[test]
    fn a_response_that_is_too_large_ends_the_call_and_not_the_runtime() {
        let mut session = Session::default();
        let _first = next(&mut session);
        let id = RequestId::random();
        session.deliver(id, delivery("1"));
        assert_eq!(respond(&mut session, id, Answer::TooLarge), (true, Err(Refusal::TooLarge)));
        assert_eq!(next(&mut session).0, Some(Said::Ready));
    }

    #[test]
    fn after_an_init_error_there_is_no_event() {
        let mut session = Session::default();
        let (reply, _verdict) = oneshot::channel();
        assert!(session.hear(Request::InitError { answer: response(), reply }).is_some());
        let (said, mut refused) = next(&mut session);
        assert_eq!(said, None);
        let refusal = refused.try_recv().expect("at once").expect_err("no event");
        assert_eq!(refusal, Refusal::Transition { from: "InitError", to: "Ready" });
    }
}
