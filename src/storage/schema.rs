// @generated automatically by Diesel CLI.

diesel::table! {
    activity_plans (id) {
        id -> Text,
        proposal_id -> Text,
        n -> BigInt,
        state -> Text,
        target_output -> Text,
        total_idr -> BigInt,
        supporting_idr -> BigInt,
        submitted_at -> Nullable<Timestamp>,
        decided_at -> Nullable<Timestamp>,
        comment -> Nullable<Text>,
        version -> BigInt,
        created_at -> Timestamp,
        created_by -> Text,
        change_reason -> Nullable<Text>,
    }
}

diesel::table! {
    allocations (id) {
        id -> Text,
        fiscal_year -> BigInt,
        region_code -> Text,
        amount_idr -> BigInt,
        used_idr -> BigInt,
        legal_basis -> Text,
        policy_version -> BigInt,
        mode -> Nullable<Text>,
        version -> BigInt,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    amendment_lines (amendment_id, line_no) {
        amendment_id -> Text,
        line_no -> BigInt,
        covered -> Bool,
    }
}

diesel::table! {
    amendments (id) {
        id -> Text,
        contract_id -> Text,
        proposal_id -> Text,
        n -> BigInt,
        number -> Text,
        number_key -> Text,
        signed_on -> Date,
        value_before_idr -> BigInt,
        value_idr -> BigInt,
        ends_before_on -> Date,
        ends_on -> Date,
        reason -> Text,
        flags -> Text,
        created_at -> Timestamp,
        created_by -> Text,
    }
}

diesel::table! {
    assignments (id) {
        id -> Text,
        proposal_id -> Text,
        user_id -> Text,
        assigned_by -> Text,
        assigned_at -> Timestamp,
        ended_by -> Nullable<Text>,
        ended_at -> Nullable<Timestamp>,
        version -> BigInt,
    }
}

diesel::table! {
    audit_checkpoints (size) {
        size -> BigInt,
        root -> Text,
        note -> Text,
        made_at -> Timestamp,
    }
}

diesel::table! {
    audit_events (id) {
        id -> Text,
        at -> Timestamp,
        actor_id -> Nullable<Text>,
        actor_role -> Nullable<Text>,
        grant_id -> Nullable<Text>,
        action -> Text,
        outcome -> Text,
        subject_kind -> Text,
        subject_id -> Text,
        proposal_id -> Nullable<Text>,
        region_code -> Nullable<Text>,
        content -> Text,
        request_id -> Text,
    }
}

diesel::table! {
    audit_keys (verifier_key) {
        verifier_key -> Text,
        first_used_at -> Timestamp,
    }
}

diesel::table! {
    audit_pending (event_id) {
        event_id -> Text,
    }
}

diesel::table! {
    audit_personal (event_id, field) {
        event_id -> Text,
        field -> Text,
        salt -> Text,
        value -> Text,
    }
}

diesel::table! {
    audit_sealer (id) {
        id -> BigInt,
        origin -> Text,
        fence -> BigInt,
        last_seq -> BigInt,
        last_hash -> Text,
        sealed_through -> Timestamp,
    }
}

diesel::table! {
    audit_seals (seq) {
        seq -> BigInt,
        event_id -> Text,
        leaf -> Text,
        hash -> Text,
        sealed_at -> Timestamp,
        action -> Text,
        actor_id -> Nullable<Text>,
        region_code -> Nullable<Text>,
        outcome -> Text,
        subject_kind -> Text,
    }
}

diesel::table! {
    audit_tiles (level, position) {
        level -> BigInt,
        position -> BigInt,
        root -> Text,
    }
}

diesel::table! {
    balances (proposal_id) {
        proposal_id -> Text,
        ceiling_idr -> BigInt,
        plan_idr -> BigInt,
        contracted_idr -> BigInt,
        disbursed_idr -> BigInt,
        absorbed_idr -> BigInt,
        returned_idr -> BigInt,
        released_idr -> BigInt,
        carried_in_idr -> BigInt,
        carried_out_idr -> BigInt,
    }
}

diesel::table! {
    carries (id) {
        id -> Text,
        from_proposal_id -> Text,
        to_proposal_id -> Text,
        origin_year -> BigInt,
        carried_on -> Date,
        amount_idr -> BigInt,
        legal_basis -> Text,
        reason -> Text,
        created_at -> Timestamp,
        created_by -> Text,
    }
}

diesel::table! {
    ceilings (fiscal_year) {
        fiscal_year -> BigInt,
        amount_idr -> BigInt,
        used_idr -> BigInt,
        legal_basis -> Text,
        version -> BigInt,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    centre_fundings (id) {
        id -> Text,
        centre_id -> Text,
        fiscal_year -> BigInt,
        fund_source -> Text,
        component -> Text,
        description -> Text,
        amount_idr -> BigInt,
        legal_basis -> Text,
        recorded_by -> Text,
        recorded_at -> Timestamp,
        withdrawn_by -> Nullable<Text>,
        withdrawn_at -> Nullable<Timestamp>,
        withdrawn_reason -> Nullable<Text>,
        version -> BigInt,
    }
}

diesel::table! {
    centres (id) {
        id -> Text,
        region_code -> Text,
        name -> Text,
        commodity -> Text,
        kbli -> Nullable<Text>,
        village -> Text,
        district -> Text,
        latitude -> Nullable<Double>,
        longitude -> Nullable<Double>,
        decree_number -> Nullable<Text>,
        decree_date -> Nullable<Date>,
        provisional -> Bool,
        households_in_village -> BigInt,
        households_in_business -> BigInt,
        organised -> Bool,
        known_to_public -> Bool,
        businesses -> BigInt,
        members -> BigInt,
        administrators -> BigInt,
        manager -> Nullable<Text>,
        technical_service_unit -> Nullable<Text>,
        outcome_class -> Text,
        version -> BigInt,
        created_at -> Timestamp,
        created_by -> Text,
    }
}

diesel::table! {
    change_requests (id) {
        id -> Text,
        proposal_id -> Text,
        n -> BigInt,
        pointer -> Text,
        comment -> Text,
        state -> Text,
        rounds -> BigInt,
        asked_role -> Text,
        asked_by -> Text,
        asked_at -> Timestamp,
        asked_version -> BigInt,
        answer -> Nullable<Text>,
        answered_by -> Nullable<Text>,
        answered_at -> Nullable<Timestamp>,
        decided_by -> Nullable<Text>,
        decided_at -> Nullable<Timestamp>,
        decision_comment -> Nullable<Text>,
        accepted_version -> Nullable<BigInt>,
        accepted_value -> Nullable<Text>,
        version -> BigInt,
    }
}

diesel::table! {
    conditions (id) {
        id -> Text,
        proposal_id -> Text,
        source -> Text,
        text -> Text,
        set_at -> Timestamp,
        set_by -> Text,
        lifted_at -> Nullable<Timestamp>,
        lifted_by -> Nullable<Text>,
        evidence -> Nullable<Text>,
        version -> BigInt,
        document_id -> Nullable<Text>,
    }
}

diesel::table! {
    conflicts (id) {
        id -> Text,
        proposal_id -> Text,
        user_id -> Text,
        reason -> Text,
        declared_at -> Timestamp,
    }
}

diesel::table! {
    contract_lines (contract_id, line_no) {
        contract_id -> Text,
        line_no -> BigInt,
    }
}

diesel::table! {
    contracts (id) {
        id -> Text,
        proposal_id -> Text,
        number -> Text,
        signed_on -> Date,
        role -> Text,
        vendor_name -> Text,
        vendor_tax_number -> Nullable<Text>,
        value_idr -> BigInt,
        spent_idr -> BigInt,
        fund_source -> Text,
        starts_on -> Date,
        ends_on -> Date,
        flags -> Text,
        version -> BigInt,
        created_at -> Timestamp,
        created_by -> Text,
        number_key -> Text,
        voided_at -> Nullable<Timestamp>,
        recording -> BigInt,
    }
}

diesel::table! {
    decrees (id) {
        id -> Text,
        fiscal_year -> BigInt,
        number -> Text,
        dated_on -> Date,
        reason -> Text,
        regions -> Text,
        changes -> Text,
        effective_from -> Timestamp,
        recorded_at -> Timestamp,
        recorded_by -> Text,
    }
}

diesel::table! {
    digests (user_id, day) {
        user_id -> Text,
        day -> Date,
        mail_id -> Text,
        created_at -> Timestamp,
    }
}

diesel::table! {
    documents (id) {
        id -> Text,
        proposal_id -> Text,
        document_type -> Text,
        title -> Nullable<Text>,
        number -> Nullable<Text>,
        issued_on -> Nullable<Date>,
        valid_until -> Nullable<Date>,
        line_no -> Nullable<BigInt>,
        file_name -> Text,
        media_type -> Text,
        size_bytes -> BigInt,
        sha256 -> Text,
        object_key -> Text,
        status -> Text,
        superseded_by -> Nullable<Text>,
        uploaded_by -> Text,
        uploaded_at -> Timestamp,
        taken_at -> Nullable<Timestamp>,
        latitude -> Nullable<Double>,
        longitude -> Nullable<Double>,
        flags -> Text,
        version -> BigInt,
        uploaded_role -> Nullable<Text>,
        uploaded_in -> Nullable<Text>,
        proposal_version -> Nullable<BigInt>,
    }
}

diesel::table! {
    expenditures (id) {
        id -> Text,
        proposal_id -> Text,
        contract_id -> Text,
        number -> Text,
        spent_on -> Date,
        amount_idr -> BigInt,
        description -> Text,
        flags -> Text,
        created_at -> Timestamp,
        created_by -> Text,
        number_key -> Text,
        recording -> BigInt,
        penalty_idr -> BigInt,
        is_advance -> Bool,
    }
}

diesel::table! {
    finding_documents (finding_id, document_id) {
        finding_id -> Text,
        document_id -> Text,
    }
}

diesel::table! {
    findings (id) {
        id -> Text,
        proposal_id -> Text,
        n -> BigInt,
        kind -> Text,
        about_kind -> Nullable<Text>,
        about_id -> Nullable<Text>,
        pointer -> Nullable<Text>,
        title -> Text,
        description -> Text,
        criterion -> Text,
        cause -> Text,
        effect -> Text,
        claimed_idr -> Nullable<BigInt>,
        found_idr -> Nullable<BigInt>,
        recommendation -> Text,
        due_on -> Date,
        hold_id -> Nullable<Text>,
        state -> Text,
        state_since -> Timestamp,
        opened_at -> Timestamp,
        opened_by -> Text,
        outcome -> Nullable<Text>,
        settled_idr -> Nullable<BigInt>,
        closed_reason -> Nullable<Text>,
        closed_at -> Nullable<Timestamp>,
        closed_by -> Nullable<Text>,
        version -> BigInt,
    }
}

diesel::table! {
    follow_up_documents (follow_up_id, document_id) {
        follow_up_id -> Text,
        document_id -> Text,
    }
}

diesel::table! {
    follow_ups (id) {
        id -> Text,
        finding_id -> Text,
        side -> Text,
        text -> Text,
        amount_idr -> Nullable<BigInt>,
        due_on -> Nullable<Date>,
        said_at -> Timestamp,
        said_by -> Text,
    }
}

diesel::table! {
    funding_answers (id) {
        id -> Text,
        proposal_id -> Text,
        warning -> Text,
        asked_idr -> BigInt,
        other_idr -> BigInt,
        answer -> Text,
        answered_by -> Text,
        answered_at -> Timestamp,
    }
}

diesel::table! {
    grants (id) {
        id -> Text,
        user_id -> Text,
        role -> Text,
        region_code -> Nullable<Text>,
        commodity -> Nullable<Text>,
        valid_from -> Date,
        valid_until -> Nullable<Date>,
        decree -> Nullable<Text>,
        revoked_at -> Nullable<Timestamp>,
        created_at -> Timestamp,
    }
}

diesel::table! {
    holds (id) {
        id -> Text,
        proposal_id -> Text,
        reason -> Text,
        set_at -> Timestamp,
        set_by -> Text,
        lifted_at -> Nullable<Timestamp>,
        lifted_by -> Nullable<Text>,
        lifted_reason -> Nullable<Text>,
        version -> BigInt,
    }
}

diesel::table! {
    idempotency_keys (user_id, key) {
        user_id -> Text,
        key -> Text,
        fingerprint -> Text,
        status -> Nullable<BigInt>,
        etag -> Nullable<Text>,
        location -> Nullable<Text>,
        body -> Nullable<Text>,
        created_at -> Timestamp,
    }
}

diesel::table! {
    invitations (id) {
        id -> Text,
        user_id -> Text,
        code_hash -> Text,
        expires_at -> Timestamp,
        redeemed_at -> Nullable<Timestamp>,
        created_at -> Timestamp,
    }
}

diesel::table! {
    journal_entries (id) {
        id -> Text,
        kind -> Text,
        proposal_id -> Text,
        allocation_id -> Text,
        fiscal_year -> BigInt,
        region_code -> Text,
        from_account -> Text,
        to_account -> Text,
        amount_idr -> BigInt,
        effective_on -> Date,
        recorded_at -> Timestamp,
        source_kind -> Text,
        source_id -> Text,
        event_id -> Text,
        reverses_id -> Nullable<Text>,
        reversed_kind -> Nullable<Text>,
        reason -> Nullable<Text>,
        origin_year -> Nullable<BigInt>,
    }
}

diesel::table! {
    line_agreements (id) {
        id -> Text,
        proposal_id -> Text,
        event_id -> Text,
        line_no -> BigInt,
        side -> Text,
        agrees -> Bool,
        volume_thousandths -> Nullable<BigInt>,
        amount_idr -> Nullable<BigInt>,
        words -> Nullable<Text>,
        said_by -> Text,
        said_at -> Timestamp,
    }
}

diesel::table! {
    mail_attempts (id) {
        id -> Text,
        mail_id -> Text,
        at -> Timestamp,
        outcome -> Text,
        reply -> Text,
    }
}

diesel::table! {
    mail_preferences (user_id, kind) {
        user_id -> Text,
        kind -> Text,
        delivery -> Text,
    }
}

diesel::table! {
    mail_settings (user_id) {
        user_id -> Text,
        digest_hour -> BigInt,
        changed_at -> Timestamp,
        version -> BigInt,
    }
}

diesel::table! {
    mails (id) {
        id -> Text,
        notice_id -> Text,
        user_id -> Text,
        address -> Text,
        language -> Text,
        subject -> Text,
        text_body -> Text,
        html_body -> Text,
        message_id -> Text,
        dated_at -> Timestamp,
        state -> Text,
        attempts -> BigInt,
        next_attempt_at -> Timestamp,
        leased_by -> Nullable<Text>,
        leased_until -> Nullable<Timestamp>,
        last_reply -> Nullable<Text>,
        sent_at -> Nullable<Timestamp>,
        created_at -> Timestamp,
        version -> BigInt,
        secret -> Nullable<Text>,
        collected_in -> Nullable<Text>,
        unsubscribe -> Nullable<Text>,
    }
}

diesel::table! {
    notice_pending (notice_id) {
        notice_id -> Text,
        failed_at -> Nullable<Timestamp>,
        reason -> Nullable<Text>,
    }
}

diesel::table! {
    notices (id) {
        id -> Text,
        event -> Text,
        proposal_id -> Nullable<Text>,
        facts -> Text,
        event_id -> Text,
        created_at -> Timestamp,
    }
}

diesel::table! {
    participations (proposal_id, user_id, duty) {
        proposal_id -> Text,
        user_id -> Text,
        duty -> Text,
        first_at -> Timestamp,
    }
}

diesel::table! {
    plan_lines (plan_id, line_no) {
        plan_id -> Text,
        line_no -> BigInt,
        component -> Text,
        volume_thousandths -> BigInt,
        amount_idr -> BigInt,
        method -> Text,
        target_output -> Text,
        supporting_activity -> Nullable<Text>,
    }
}

diesel::table! {
    policies (id) {
        id -> Text,
        fiscal_year -> BigInt,
        version -> BigInt,
        document -> Text,
        published_at -> Timestamp,
        published_by -> Nullable<Text>,
    }
}

diesel::table! {
    proposal_lines (proposal_id, line_no) {
        proposal_id -> Text,
        line_no -> BigInt,
        component -> Text,
        description -> Text,
        builds_anew -> Bool,
        volume_thousandths -> BigInt,
        unit -> Text,
        unit_cost_idr -> BigInt,
        amount_idr -> BigInt,
        fund_source -> Text,
        gap -> Nullable<Text>,
        agreed_volume_thousandths -> Nullable<BigInt>,
        agreed_idr -> Nullable<BigInt>,
        agreed_reason -> Nullable<Text>,
        approved_volume_thousandths -> Nullable<BigInt>,
        approved_idr -> Nullable<BigInt>,
        approved_reason -> Nullable<Text>,
        flag -> Nullable<Text>,
        flag_words -> Nullable<Text>,
        flagged_by -> Nullable<Text>,
        flagged_at -> Nullable<Timestamp>,
        assessed_technical -> Nullable<BigInt>,
        assessed_technical_words -> Nullable<Text>,
        assessed_output_target -> Nullable<BigInt>,
        assessed_output_target_words -> Nullable<Text>,
        assessed_unit_price -> Nullable<BigInt>,
        assessed_unit_price_words -> Nullable<Text>,
        assessed_readiness -> Nullable<BigInt>,
        assessed_readiness_words -> Nullable<Text>,
        assessed_volume_thousandths -> Nullable<BigInt>,
        assessed_idr -> Nullable<BigInt>,
        assessed_reason -> Nullable<Text>,
        assessed_by -> Nullable<Text>,
        assessed_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    proposals (id) {
        id -> Text,
        menu -> Text,
        fiscal_year -> BigInt,
        region_code -> Text,
        province_code -> Text,
        title -> Text,
        summary -> Text,
        commodity -> Text,
        outcome_class -> Text,
        centre_id -> Nullable<Text>,
        site_street -> Text,
        site_village -> Text,
        site_district -> Text,
        latitude -> Nullable<Double>,
        longitude -> Nullable<Double>,
        baseline -> Nullable<Text>,
        design_firm_name -> Nullable<Text>,
        design_firm_tax_number -> Nullable<Text>,
        state -> Text,
        state_since -> Timestamp,
        returned -> Bool,
        policy_version -> Nullable<BigInt>,
        line_count -> BigInt,
        builds_anew -> Bool,
        total_idr -> BigInt,
        supporting_idr -> BigInt,
        approved_idr -> BigInt,
        adverse_advice -> Bool,
        agreement_proposed -> Bool,
        due_on -> Nullable<Date>,
        allocation_id -> Nullable<Text>,
        lump_sum_recommended -> Bool,
        handover_on -> Nullable<Date>,
        handover_value_idr -> Nullable<BigInt>,
        operating_since -> Nullable<Date>,
        version -> BigInt,
        created_at -> Timestamp,
        created_by -> Text,
        updated_at -> Timestamp,
        theme -> Nullable<Text>,
        works_changed -> Bool,
        assessed_idr -> BigInt,
        agreed_idr -> BigInt,
        gaps -> Text,
        forfeited_from -> Nullable<Text>,
    }
}

diesel::table! {
    recoveries (id) {
        id -> Text,
        proposal_id -> Text,
        contract_id -> Text,
        number -> Text,
        number_key -> Text,
        recording -> BigInt,
        received_on -> Date,
        amount_idr -> BigInt,
        reason -> Text,
        flags -> Text,
        created_at -> Timestamp,
        created_by -> Text,
    }
}

diesel::table! {
    regions (code) {
        code -> Text,
        level -> Text,
        province_code -> Text,
        name -> Text,
        autonomous -> Bool,
    }
}

diesel::table! {
    reminders (id) {
        id -> Text,
        proposal_id -> Nullable<Text>,
        allocation_id -> Nullable<Text>,
        kind -> Text,
        n -> BigInt,
        due_at -> Timestamp,
        zone -> Text,
        step -> BigInt,
        collapsed -> Bool,
        tells -> Text,
        at_risk_idr -> BigInt,
        notice_id -> Text,
        event_id -> Text,
        reminded_at -> Timestamp,
    }
}

diesel::table! {
    reports (id) {
        id -> Text,
        proposal_id -> Text,
        kind -> Text,
        as_of -> Date,
        state -> Text,
        physical_bp -> BigInt,
        output -> Text,
        workforce -> BigInt,
        problems -> Text,
        follow_up -> Text,
        figures -> Nullable<Text>,
        submitted_at -> Nullable<Timestamp>,
        decided_at -> Nullable<Timestamp>,
        comment -> Nullable<Text>,
        version -> BigInt,
        created_at -> Timestamp,
        created_by -> Text,
    }
}

diesel::table! {
    returns (id) {
        id -> Text,
        proposal_id -> Text,
        number -> Text,
        returned_on -> Date,
        amount_idr -> BigInt,
        reason -> Text,
        flags -> Text,
        created_at -> Timestamp,
        created_by -> Text,
        number_key -> Text,
        recording -> BigInt,
    }
}

diesel::table! {
    revisions (id) {
        id -> Text,
        subject_kind -> Text,
        subject_id -> Text,
        version -> BigInt,
        event_id -> Text,
        content -> Text,
    }
}

diesel::table! {
    settings (name) {
        name -> Text,
        value -> Text,
    }
}

diesel::table! {
    sign_in_addresses (user_id, address) {
        user_id -> Text,
        address -> Text,
        last_at -> Timestamp,
    }
}

diesel::table! {
    sign_in_failures (account, address) {
        account -> Text,
        address -> Text,
        failures -> BigInt,
        last_failed_at -> Timestamp,
    }
}

diesel::table! {
    tokens (id) {
        id -> Text,
        user_id -> Text,
        kind -> Text,
        scope -> Text,
        label -> Text,
        token_hash -> Text,
        expires_at -> Timestamp,
        revoked_at -> Nullable<Timestamp>,
        created_at -> Timestamp,
    }
}

diesel::table! {
    tranche_items (request_id, proposal_id) {
        request_id -> Text,
        proposal_id -> Text,
        amount_idr -> BigInt,
    }
}

diesel::table! {
    tranche_omissions (request_id, proposal_id) {
        request_id -> Text,
        proposal_id -> Text,
        amount_idr -> BigInt,
        state -> Text,
        reason -> Nullable<Text>,
        event_id -> Text,
        left_out_at -> Timestamp,
        hold_id -> Nullable<Text>,
    }
}

diesel::table! {
    tranche_requests (id) {
        id -> Text,
        allocation_id -> Text,
        n -> BigInt,
        state -> Text,
        total_idr -> BigInt,
        requested_at -> Timestamp,
        requested_by -> Text,
        reviewed_at -> Nullable<Timestamp>,
        reviewed_by -> Nullable<Text>,
        verified_at -> Nullable<Timestamp>,
        verified_by -> Nullable<Text>,
        decided_at -> Nullable<Timestamp>,
        decided_by -> Nullable<Text>,
        payment_number -> Nullable<Text>,
        paid_on -> Nullable<Date>,
        reason -> Nullable<Text>,
        version -> BigInt,
    }
}

diesel::table! {
    users (id) {
        id -> Text,
        email -> Text,
        name -> Text,
        language -> Text,
        password_hash -> Nullable<Text>,
        disabled_at -> Nullable<Timestamp>,
        version -> BigInt,
        created_at -> Timestamp,
        address_refused_at -> Nullable<Timestamp>,
        address_refused_reply -> Nullable<Text>,
    }
}

diesel::table! {
    waivers (id) {
        id -> Text,
        proposal_id -> Text,
        document_type -> Text,
        reason -> Text,
        granted_by -> Text,
        granted_at -> Timestamp,
        revoked_by -> Nullable<Text>,
        revoked_at -> Nullable<Timestamp>,
        revoked_reason -> Nullable<Text>,
        version -> BigInt,
    }
}

diesel::joinable!(activity_plans -> proposals (proposal_id));
diesel::joinable!(activity_plans -> users (created_by));
diesel::joinable!(allocations -> ceilings (fiscal_year));
diesel::joinable!(allocations -> regions (region_code));
diesel::joinable!(amendment_lines -> amendments (amendment_id));
diesel::joinable!(amendments -> contracts (contract_id));
diesel::joinable!(amendments -> proposals (proposal_id));
diesel::joinable!(amendments -> users (created_by));
diesel::joinable!(assignments -> proposals (proposal_id));
diesel::joinable!(balances -> proposals (proposal_id));
diesel::joinable!(carries -> users (created_by));
diesel::joinable!(centre_fundings -> centres (centre_id));
diesel::joinable!(centres -> regions (region_code));
diesel::joinable!(centres -> users (created_by));
diesel::joinable!(change_requests -> proposals (proposal_id));
diesel::joinable!(conditions -> proposals (proposal_id));
diesel::joinable!(conflicts -> proposals (proposal_id));
diesel::joinable!(conflicts -> users (user_id));
diesel::joinable!(contract_lines -> contracts (contract_id));
diesel::joinable!(contracts -> proposals (proposal_id));
diesel::joinable!(contracts -> users (created_by));
diesel::joinable!(decrees -> users (recorded_by));
diesel::joinable!(digests -> users (user_id));
diesel::joinable!(documents -> proposals (proposal_id));
diesel::joinable!(documents -> users (uploaded_by));
diesel::joinable!(expenditures -> contracts (contract_id));
diesel::joinable!(expenditures -> proposals (proposal_id));
diesel::joinable!(expenditures -> users (created_by));
diesel::joinable!(finding_documents -> documents (document_id));
diesel::joinable!(finding_documents -> findings (finding_id));
diesel::joinable!(findings -> holds (hold_id));
diesel::joinable!(findings -> proposals (proposal_id));
diesel::joinable!(findings -> users (opened_by));
diesel::joinable!(follow_up_documents -> documents (document_id));
diesel::joinable!(follow_up_documents -> follow_ups (follow_up_id));
diesel::joinable!(follow_ups -> findings (finding_id));
diesel::joinable!(follow_ups -> users (said_by));
diesel::joinable!(funding_answers -> proposals (proposal_id));
diesel::joinable!(funding_answers -> users (answered_by));
diesel::joinable!(grants -> regions (region_code));
diesel::joinable!(grants -> users (user_id));
diesel::joinable!(holds -> proposals (proposal_id));
diesel::joinable!(idempotency_keys -> users (user_id));
diesel::joinable!(invitations -> users (user_id));
diesel::joinable!(journal_entries -> allocations (allocation_id));
diesel::joinable!(journal_entries -> proposals (proposal_id));
diesel::joinable!(line_agreements -> proposals (proposal_id));
diesel::joinable!(line_agreements -> users (said_by));
diesel::joinable!(mail_attempts -> mails (mail_id));
diesel::joinable!(mail_preferences -> users (user_id));
diesel::joinable!(mail_settings -> users (user_id));
diesel::joinable!(mails -> notices (notice_id));
diesel::joinable!(mails -> users (user_id));
diesel::joinable!(notice_pending -> notices (notice_id));
diesel::joinable!(participations -> proposals (proposal_id));
diesel::joinable!(participations -> users (user_id));
diesel::joinable!(plan_lines -> activity_plans (plan_id));
diesel::joinable!(proposal_lines -> proposals (proposal_id));
diesel::joinable!(proposals -> centres (centre_id));
diesel::joinable!(proposals -> users (created_by));
diesel::joinable!(recoveries -> contracts (contract_id));
diesel::joinable!(recoveries -> proposals (proposal_id));
diesel::joinable!(recoveries -> users (created_by));
diesel::joinable!(reminders -> allocations (allocation_id));
diesel::joinable!(reminders -> notices (notice_id));
diesel::joinable!(reminders -> proposals (proposal_id));
diesel::joinable!(reports -> proposals (proposal_id));
diesel::joinable!(reports -> users (created_by));
diesel::joinable!(returns -> proposals (proposal_id));
diesel::joinable!(returns -> users (created_by));
diesel::joinable!(sign_in_addresses -> users (user_id));
diesel::joinable!(tokens -> users (user_id));
diesel::joinable!(tranche_items -> proposals (proposal_id));
diesel::joinable!(tranche_items -> tranche_requests (request_id));
diesel::joinable!(tranche_omissions -> proposals (proposal_id));
diesel::joinable!(tranche_omissions -> tranche_requests (request_id));
diesel::joinable!(tranche_requests -> allocations (allocation_id));
diesel::joinable!(waivers -> proposals (proposal_id));

diesel::allow_tables_to_appear_in_same_query!(
    activity_plans,
    allocations,
    amendment_lines,
    amendments,
    assignments,
    audit_checkpoints,
    audit_events,
    audit_keys,
    audit_pending,
    audit_personal,
    audit_sealer,
    audit_seals,
    audit_tiles,
    balances,
    carries,
    ceilings,
    centre_fundings,
    centres,
    change_requests,
    conditions,
    conflicts,
    contract_lines,
    contracts,
    decrees,
    digests,
    documents,
    expenditures,
    finding_documents,
    findings,
    follow_up_documents,
    follow_ups,
    funding_answers,
    grants,
    holds,
    idempotency_keys,
    invitations,
    journal_entries,
    line_agreements,
    mail_attempts,
    mail_preferences,
    mail_settings,
    mails,
    notice_pending,
    notices,
    participations,
    plan_lines,
    policies,
    proposal_lines,
    proposals,
    recoveries,
    regions,
    reminders,
    reports,
    returns,
    revisions,
    settings,
    sign_in_addresses,
    sign_in_failures,
    tokens,
    tranche_items,
    tranche_omissions,
    tranche_requests,
    users,
    waivers,
);
