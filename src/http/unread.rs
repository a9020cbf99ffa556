//! What of a body is not read: held until the answer is out, so that the connection is closed and nothing drains it.
//!
//! A body that is sent in chunks and is dropped would be read to its end by the server, however long it is, for the
//! sake of the next request. While it is held, the server stops reading when its buffer is full, answers, and closes:
//! for as long as `client_disconnect_timeout` it throws away what still comes, so that the answer is seen, and no longer.

use actix_web::HttpMessage;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest};
use actix_web::error::PayloadError;
use actix_web::web::Bytes;
use futures_util::Stream;
use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

/// The body of a request, read by one and held by another.
#[derive(Clone)]
pub struct Unread(Rc<RefCell<Payload>>);

impl Unread {
    /// Holds the body of a request that has one. It is read as before.
    pub fn of(request: &mut ServiceRequest) -> Option<Unread> {
        let payload = match request.take_payload() {
            Payload::None => return None,
            payload => payload,
        };
        let held = Unread(Rc::new(RefCell::new(payload)));
        request.set_payload(Payload::Stream { payload: Box::pin(held.clone()) });
        Some(held)
    }
}

impl Stream for Unread {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut *self.0.borrow_mut()).poll_next(cx)
    }
}

/// An answer that holds the body of its request until it is out.
pub struct Holding {
    body: BoxBody,
    _unread: Option<Unread>,
}

impl Holding {
    /// An answer, and what it holds.
    pub fn new(body: BoxBody, unread: Option<Unread>) -> Holding {
        Holding { body, _unread: unread }
    }
}

impl MessageBody for Holding {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(cx)
    }
}
