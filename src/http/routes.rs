//! The route table: one readable page. The router, the API's document and the tests are all made from it.

use crate::http::{
    action, allocation, amendment, assignment, audit, centre, change_request, document, evidence,
    export, finding, gate, health, hold, line, middleware, outbox, people, plan, policy,
    preference, proposal, question, radar, readiness, reminder, report, revision, sample, session,
    spending, tranche, unsubscribe, usage,
};
use actix_web::guard;
use actix_web::web::{self, ServiceConfig};
use utoipa::OpenApi;
use utoipa_swagger_ui::{Config, SwaggerUi};

/// What a call needs beside its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nobody has to be signed in.
    Nothing,
    /// A bearer token.
    Token,
    /// A bearer token; an `Idempotency-Key` is taken when it is sent.
    TokenAndPerhapsKey,
    /// A bearer token and an `Idempotency-Key`.
    TokenAndKey,
    /// A bearer token and `If-Match`.
    TokenAndVersion,
    /// A bearer token, an `Idempotency-Key` and `If-Match`.
    TokenKeyAndVersion,
}

impl Needs {
    /// Whether somebody has to be signed in.
    pub const fn token(self) -> bool {
        !matches!(self, Needs::Nothing)
    }

    /// Whether an `Idempotency-Key` has to be sent; `None` when it is not looked at.
    pub const fn key(self) -> Option<bool> {
        match self {
            Needs::Nothing | Needs::Token => None,
            Needs::TokenAndPerhapsKey | Needs::TokenAndVersion => Some(false),
            Needs::TokenAndKey | Needs::TokenKeyAndVersion => Some(true),
        }
    }

    /// Whether `If-Match` has to be sent.
    pub const fn version(self) -> bool {
        matches!(self, Needs::TokenAndVersion | Needs::TokenKeyAndVersion)
    }
}

/// A route.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// Lower case.
    pub method: &'static str,
    /// With `{id}` where an id stands.
    pub path: &'static str,
    /// What a call needs.
    pub needs: Needs,
}

/// A route by its method; what can be got can be asked for without its body.
macro_rules! by {
    (get) => {
        web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
    };
    ($method:ident) => {
        web::$method()
    };
}

macro_rules! routes {
    ($( $path:literal { $( $method:ident $($handler:ident)::+ [$needs:ident]; )+ } )+) => {
        /// Every route of `/api/v1`.
        pub const ROUTES: &[Route] = &[
            $( $( Route { method: stringify!($method), path: $path, needs: Needs::$needs }, )+ )+
        ];

        /// Adds the routes of `/api/v1`.
        pub fn configure(config: &mut ServiceConfig) {
            $( config.service(
                web::resource($path)
                    $( .route(by!($method).to($($handler)::+)) )+
                    .default_service(web::to(middleware::not_that_way)),
            ); )+
            config.default_service(web::to(middleware::nothing_here));
        }

        /// What the handlers say of themselves.
        #[derive(OpenApi)]
        #[openapi(paths($( $( $($handler)::+, )+ )+))]
        pub struct Operations;
    };
}

routes! {
    "/sessions"                           { post   session::create_session           [Nothing]; }
    "/sessions/current"                   { delete session::end_session              [Token]; }
    "/me"                                 { get    session::show_me                  [Token]; }
    "/me/password"                        { put    session::change_password          [Token]; }
    "/unsubscribe/{token}"                { get    unsubscribe::show_subscription    [Nothing];
                                            post   unsubscribe::end_subscription     [Nothing]; }
    "/tokens"                             { post   session::create_token             [Token];
                                            get    session::list_tokens              [Token]; }
    "/tokens/{id}"                        { delete session::revoke_token             [Token]; }
    "/invitations/{code}"                 { post   session::redeem_invitation        [Nothing]; }
    "/users"                              { post   people::create_user               [TokenAndPerhapsKey];
                                            get    people::list_users                [Token]; }
    "/users/{id}"                         { get    people::show_user                 [Token];
                                            patch  people::edit_user                 [TokenAndVersion]; }
    "/users/{id}/invitations"             { post   people::invite_user               [TokenAndPerhapsKey]; }
    "/users/{id}/grants"                  { post   people::add_grant                 [TokenAndPerhapsKey]; }
    "/users/{user_id}/grants/{id}"        { delete people::revoke_grant              [TokenAndPerhapsKey]; }
    "/regions"                            { get    centre::list_regions              [Token]; }
    "/regions/{code}"                     { get    centre::show_region               [Token]; }
    "/centres"                            { post   centre::create_centre             [TokenAndPerhapsKey];
                                            get    centre::list_centres              [Token]; }
    "/centres/{id}"                       { get    centre::show_centre               [Token];
                                            patch  centre::edit_centre               [TokenAndVersion]; }
    "/workflows/{menu}"                   { get    action::show_workflow             [Token]; }
    "/policies/{fiscal_year}"             { get    policy::show_policy               [Token];
                                            put    policy::publish_policy            [TokenAndVersion]; }
    "/policies/{fiscal_year}/versions"    { get    policy::list_policy_versions      [Token]; }
    "/policies/{fiscal_year}/values"      { get    policy::list_policy_values        [Token]; }
    "/decrees"                            { post   policy::record_decree             [TokenAndKey];
                                            get    policy::list_decrees              [Token]; }
    "/proposals"                          { post   proposal::create_proposal         [TokenAndPerhapsKey];
                                            get    proposal::list_proposals          [Token]; }
    "/proposals/counts"                   { get    proposal::count_proposals         [Token]; }
    "/proposals/{id}"                     { get    proposal::show_proposal           [Token];
                                            patch  proposal::edit_proposal           [TokenAndVersion]; }
    "/proposals/{id}/lines"               { get    line::show_lines                  [Token];
                                            put    line::replace_lines               [TokenAndVersion]; }
    "/proposals/{id}/lines.csv"           { get    line::lines_as_csv                [Token]; }
    "/proposals/{id}/lines.xlsx"          { get    line::lines_as_xlsx               [Token]; }
    "/proposals/{id}/line-reviews"        { put    line::review_lines                [TokenAndVersion]; }
    "/proposals/{id}/actions"             { get    action::list_actions              [Token];
                                            post   action::act_on_proposal           [TokenKeyAndVersion]; }
    "/proposals/{id}/events"              { get    proposal::list_events             [Token]; }
    "/proposals/{id}/revisions"           { get    revision::list_revisions          [Token]; }
    "/proposals/{id}/revisions/{n}/diff"  { get    revision::show_diff               [Token]; }
    "/proposals/{id}/change-requests"     { post   change_request::ask_changes       [TokenAndPerhapsKey];
                                            get    change_request::list_change_requests [Token]; }
    "/change-requests/{id}/answer"        { post   change_request::answer_change_request [TokenKeyAndVersion]; }
    "/change-requests/{id}/accept"        { post   change_request::accept_change_request [TokenKeyAndVersion]; }
    "/change-requests/{id}/refuse"        { post   change_request::refuse_change_request [TokenKeyAndVersion]; }
    "/proposals/{id}/agreements"          { get    revision::list_agreements         [Token]; }
    "/proposals/{id}/assignments"         { post   assignment::assign_reviewer       [TokenAndPerhapsKey];
                                            get    assignment::list_assignments      [Token]; }
    "/assignments/{id}/end"               { post   assignment::end_assignment        [TokenKeyAndVersion]; }
    "/proposals/{id}/conflicts"           { post   assignment::declare_conflict      [TokenAndPerhapsKey];
                                            get    assignment::list_conflicts        [Token]; }
    "/proposals/{id}/conditions"          { get    action::list_conditions           [Token]; }
    "/conditions/{id}/lift"               { post   action::lift_condition            [TokenKeyAndVersion]; }
    "/proposals/{id}/holds"               { post   hold::set_hold                     [TokenAndKey];
                                            get    hold::list_holds                   [Token]; }
    "/holds/{id}/lift"                    { post   hold::lift_hold                    [TokenKeyAndVersion]; }
    "/proposals/{id}/findings"            { post   finding::open_finding              [TokenAndKey];
                                            get    finding::list_findings             [Token]; }
    "/proposals/{id}/evidence-pack"       { get    evidence::fetch_evidence_pack      [Token]; }
    "/findings"                           { get    finding::list_all_findings         [Token]; }
    "/findings/{id}"                      { get    finding::show_finding              [Token]; }
    "/findings/{id}/follow-ups"           { post   finding::follow_up_finding         [TokenAndKey]; }
    "/findings/{id}/return"               { post   finding::return_finding            [TokenKeyAndVersion]; }
    "/findings/{id}/close"                { post   finding::close_finding             [TokenKeyAndVersion]; }
    "/proposals/{id}/plans"               { post   plan::create_plan                 [TokenAndPerhapsKey];
                                            get    plan::list_plans                  [Token]; }
    "/plans/{id}/submit"                  { post   plan::submit_plan                 [TokenKeyAndVersion]; }
    "/plans/{id}/approve"                 { post   plan::approve_plan                [TokenKeyAndVersion]; }
    "/plans/{id}/return"                  { post   plan::return_plan                 [TokenKeyAndVersion]; }
    "/proposals/{id}/contracts"           { post   spending::create_contract         [TokenAndKey];
                                            get    spending::list_contracts          [Token]; }
    "/contracts/{id}/amendments"          { post   amendment::amend_contract         [TokenAndKey];
                                            get    amendment::list_amendments        [Token]; }
    "/proposals/{id}/contracts/import"    { post   spending::import_contracts        [TokenAndKey]; }
    "/proposals/{id}/contracts.csv"       { get    spending::contracts_as_csv        [Token]; }
    "/proposals/{id}/contracts.xlsx"      { get    spending::contracts_as_xlsx       [Token]; }
    "/proposals/{id}/expenditures"        { post   spending::record_expenditure      [TokenAndKey];
                                            get    spending::list_expenditures       [Token]; }
    "/proposals/{id}/expenditures/import" { post   spending::import_expenditures     [TokenAndKey]; }
    "/proposals/{id}/expenditures.csv"    { get    spending::expenditures_as_csv     [Token]; }
    "/proposals/{id}/expenditures.xlsx"   { get    spending::expenditures_as_xlsx    [Token]; }
    "/proposals/{id}/returns"             { post   spending::record_return           [TokenAndKey];
                                            get    spending::list_returns            [Token]; }
    "/proposals/{id}/recoveries"          { post   amendment::record_recovery        [TokenAndKey];
                                            get    amendment::list_recoveries        [Token]; }
    "/proposals/{id}/carries"             { post   amendment::carry_leftover         [TokenAndKey];
                                            get    amendment::list_carries           [Token]; }
    "/proposals/{id}/ceiling"             { put    amendment::set_ceiling            [TokenKeyAndVersion]; }
    "/proposals/{id}/reports"             { post   report::create_report             [TokenAndPerhapsKey];
                                            get    report::list_reports              [Token]; }
    "/reports/{id}/submit"                { post   report::submit_report             [TokenKeyAndVersion]; }
    "/reports/{id}/review"                { post   report::review_report             [TokenKeyAndVersion]; }
    "/reports/{id}/return"                { post   report::return_report             [TokenKeyAndVersion]; }
    "/proposals/{id}/documents"           { post   document::upload_document         [TokenAndPerhapsKey];
                                            get    document::list_documents          [Token]; }
    "/documents/{id}"                     { get    document::show_document           [Token]; }
    "/documents/{id}/content"             { get    document::download_document       [Token]; }
    "/proposals/{id}/readiness"           { get    readiness::show_readiness         [Token]; }
    "/proposals/{id}/waivers"             { post   readiness::grant_waiver           [TokenAndKey];
                                            get    readiness::list_waivers           [Token]; }
    "/waivers/{id}/revoke"                { post   readiness::revoke_waiver          [TokenKeyAndVersion]; }
    "/proposals/{id}/double-funding"      { get    readiness::show_double_funding    [Token]; }
    "/proposals/{id}/funding-answers"     { post   readiness::answer_funding_warning [TokenAndPerhapsKey]; }
    "/centres/{id}/fundings"              { post   readiness::record_centre_funding  [TokenAndPerhapsKey];
                                            get    readiness::list_centre_fundings   [Token]; }
    "/centre-fundings/{id}/withdraw"      { post   readiness::withdraw_centre_funding [TokenKeyAndVersion]; }
    "/ceilings"                           { post   allocation::record_ceiling        [TokenAndKey];
                                            get    allocation::list_ceilings         [Token]; }
    "/allocations"                        { post   allocation::record_allocation     [TokenAndKey];
                                            get    allocation::list_allocations      [Token]; }
    "/allocations/{id}"                   { get    allocation::show_allocation       [Token]; }
    "/allocations/{id}/tranche-requests"  { post   tranche::request_tranche          [TokenAndKey];
                                            get    tranche::list_tranche_requests    [Token]; }
    "/allocations/{id}/tranches/{n}/gate" { get    gate::show_tranche_gate           [Token]; }
    "/tranche-requests/{id}/review"       { post   tranche::review_tranche           [TokenKeyAndVersion]; }
    "/tranche-requests/{id}/verify"       { post   tranche::verify_tranche           [TokenKeyAndVersion]; }
    "/tranche-requests/{id}/pay"          { post   tranche::pay_tranche              [TokenKeyAndVersion]; }
    "/tranche-requests/{id}/refuse"       { post   tranche::refuse_tranche           [TokenKeyAndVersion]; }
    "/proposals/{id}/reminders"           { get    reminder::list_reminders          [Token]; }
    "/deadlines"                          { get    radar::list_deadlines             [Token]; }
    "/fund-usage"                         { get    usage::show_fund_usage            [Token]; }
    "/journal"                            { get    allocation::list_journal          [Token]; }
    "/exports/oc4ids"                     { get    export::export_projects           [Token]; }
    "/exports/proposals"                  { get    export::export_proposals          [Token]; }
    "/exports/journal"                    { get    export::export_journal            [Token]; }
    "/journal/{id}/reverse"               { post   amendment::reverse_entry          [TokenAndKey]; }
    "/audit/events"                       { get    audit::list_sealed_events         [Token]; }
    "/audit/checkpoints"                  { get    audit::list_checkpoints           [Token]; }
    "/audit/keys"                         { get    audit::list_verifier_keys         [Token]; }
    "/audit/proof/{id}"                   { get    audit::prove_inclusion            [Token]; }
    "/audit/consistency"                  { get    audit::prove_consistency          [Token]; }
    "/audit/export"                       { get    audit::export_trail               [Token]; }
    "/audit/samples"                      { get    sample::draw_sample                [Token]; }
    "/audit/questions"                    { get    question::list_questions          [Token]; }
    "/audit/questions/{slug}"             { get    question::answer_question         [Token]; }
    "/notifications"                      { get    outbox::list_notifications        [Token]; }
    "/notifications/preferences"          { get    preference::show_preferences      [Token];
                                            put    preference::change_preferences    [TokenAndVersion]; }
    "/outbox"                             { get    outbox::list_outbox               [Token]; }
    "/outbox/summary"                     { get    outbox::summarise_outbox          [Token]; }
    "/outbox/resend"                      { post   outbox::resend_outbox             [TokenAndKey]; }
    "/outbox/{id}"                        { get    outbox::show_mail                 [Token]; }
    "/outbox/{id}/resend"                 { post   outbox::resend_mail               [TokenKeyAndVersion]; }
}

/// Where the API's document is.
const DOCUMENT: &str = "/api/openapi.json";

/// Adds what stands outside `/api/v1`: health, metrics, the API's document and its reader.
pub fn configure_outside(config: &mut ServiceConfig) {
    config
        .route("/health/live", by!(get).to(health::live))
        .route("/health/ready", by!(get).to(health::ready))
        .route("/metrics", by!(get).to(health::metrics))
        .route(DOCUMENT, by!(get).to(health::document))
        .service(SwaggerUi::new("/api/docs/{_:.*}").config(Config::from(DOCUMENT)))
        .service(web::redirect("/api/docs", "/api/docs/"));
}
