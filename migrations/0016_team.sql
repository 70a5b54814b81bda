-- The team: invitations, the second factor, and the fresh proof that acts which move money ask for.

-- Codes and repeated passwords that were wrong, since the last right one: they slow the next try of this account on
-- every node and across restarts. (Guesses at sign-in, before anybody is known, are counted in memory.)
alter table admins
    add column tries integer not null default 0,
    add column tried_at timestamptz;

alter table admin_sessions
    -- When password or code was last given again in this session.
    add column confirmed_at timestamptz,
    -- A second factor that is being set up here and has not shown a code yet, sealed.
    add column proposed_secret bytea;

-- owner: staff
create table admin_second_factors (
    admin_id bigint primary key references admins (id),
    -- Sealed with SECRET_KEY.
    sealed_secret bytea not null,
    -- The newest step (30 s of Unix time) whose code was taken: no code of it or of an earlier one is taken again.
    last_step bigint not null,
    enrolled_at timestamptz not null
);

-- owner: staff
-- One-use codes for who has lost the device. Only their hashes: 80 random bits each need no slow one.
create table admin_recovery_codes (
    admin_id bigint not null references admin_second_factors (admin_id) on delete cascade,
    code_hash bytea not null,
    used_at timestamptz,
    primary key (admin_id, code_hash)
);

-- owner: staff
-- Sign-ins whose password was right and which still owe a code. They are no sessions: nothing opens with them.
create table admin_sign_ins (
    token_hash bytea primary key,
    admin_id bigint not null references admins (id),
    -- The factor that must be set up before anything opens; null where one is there already.
    proposed_secret bytea,
    expires_at timestamptz not null
);
create index admin_sign_ins_by_admin on admin_sign_ins (admin_id);

-- owner: staff
-- Who was asked to join. The account is made when the invited person chooses a password.
create table admin_invitations (
    id bigint generated always as identity primary key,
    email text not null constraint admin_invitations_email_unique unique,
    role text not null constraint admin_invitations_role check (role in ('owner', 'manager', 'support')),
    -- Only the hash of the link's token.
    token_hash bytea not null constraint admin_invitations_token_unique unique,
    invited_by text not null,
    created_at timestamptz not null,
    expires_at timestamptz not null
);

-- The audit page asks for one actor or one kind of act, the newest first.
create index audit_log_by_actor on audit_log (actor, id desc);
create index audit_log_by_action on audit_log (action, id desc);
