-- A shop that sells: two countries' plans, one plan that was sold once, a rule of 25 % and a sync of this morning.
insert into installation (secret_fingerprint, currency, upstream_currency, created_at)
values ('test', 'USD', 'USD', '2026-11-20 09:00Z');
insert into countries (code, slug, name, upstream_id) values ('fr', 'france', 'France', 75), ('it', 'italy', 'Italy', 107);
insert into packages (id, name, package_type, data_bytes, validity_days, network_speed, coverage, cost, currency, fingerprint,
                      first_seen_at, changed_at, withdrawn_at)
values (1120, 'France 5 GB - 30 Days', 'data', 5368709120, 30, '5G', 'local', 4.2, 'USD', '\x01', '2026-11-20 09:00Z', '2026-11-20 09:00Z', null),
       (1121, 'Italy 1 GB - 7 Days', 'data', 1073741824, 7, '5G', 'local', 1.35, 'USD', '\x02', '2026-11-20 09:00Z', '2026-11-20 09:00Z', null),
       (99, 'France 2 GB - 7 Days', 'data', 2147483648, 7, '5G', 'local', 2, 'USD', '\x03', '2026-11-20 09:00Z', '2026-11-20 09:00Z', '2026-11-21 09:00Z');
insert into package_countries (package_id, country_code) values (1120, 'fr'), (1121, 'it'), (99, 'fr');
insert into markup_rules (percent, fixed, currency, rounding, published_by, published_at)
values (25, 0, 'USD', 'none', 'set-up', '2026-11-20 09:00Z');
insert into sync_runs (started_at, finished_at, outcome, packages, added)
values ('2026-11-22 11:40Z', '2026-11-22 11:40:03Z', 'applied', 2, 2);
