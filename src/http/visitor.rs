//! A request by somebody who is not signed in: from where, for the throttle.

use crate::http::body::Body;
use crate::http::call::state_of;
use crate::http::middleware::RequestId;
use crate::http::problem::Problem;
use crate::http::state::State;
use crate::service::Services;
use crate::service::context::Input;
use crate::service::error::Error;
use crate::service::session::Visitor;
use actix_web::dev::Payload;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use std::future::{Ready, ready};
use std::net::{IpAddr, Ipv4Addr};

/// A request by somebody who is not signed in.
pub struct Visit {
    state: Data<State>,
    visitor: Visitor,
}

impl FromRequest for Visit {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(state_of(request).map(|state| {
            let visitor = Visitor {
                now: state.now(),
                address: address(request, &state),
                request_id: RequestId::of(request),
            };
            Visit { state, visitor }
        }))
    }
}

impl Visit {
    /// Answers a read.
    pub async fn read<R: Send + 'static>(
        self,
        work: impl FnOnce(&Services) -> Result<R, Error> + Send + 'static,
    ) -> Result<R, Problem> {
        self.state.blocking(work).await
    }

    /// Answers a write.
    pub async fn write<T: Send + 'static, R: Send + 'static>(
        self,
        body: Body<T>,
        work: impl FnOnce(&Services, &Visitor, &Input<T>) -> Result<R, Error> + Send + 'static,
    ) -> Result<R, Problem> {
        let input = body.0?.input;
        let visitor = self.visitor;
        self.state.blocking(move |sv| work(sv, &visitor, &input)).await
    }
}

/// Where the request comes from: the peer; behind a proxy that is trusted, what the proxy saw.
pub fn address(request: &HttpRequest, state: &State) -> IpAddr {
    let peer = request.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip());
    if !state.trusted_proxies.contains(&peer) {
        return peer;
    }
    // The last entry is the one that the trusted proxy added; those before it are the client's own words.
    let forwarded =
        request.headers().get_all("X-Forwarded-For").last().and_then(|value| value.to_str().ok());
    let last = forwarded
        .and_then(|value| value.rsplit(',').next())
        .and_then(|last| last.trim().parse().ok());
    last.unwrap_or(peer)
}
