-- One order that was delivered with one unit refunded, one that needs a person, one that waits for its payment.
insert into installation (secret_fingerprint, currency, upstream_currency, created_at)
values ('test', 'USD', 'USD', '2026-11-20 09:00Z');
insert into regions (slug, name) values ('europe', 'Europe');
insert into packages (id, name, package_type, data_bytes, validity_days, coverage, region_slug, cost, currency, fingerprint, first_seen_at, changed_at)
values (1120, 'France 5 GB - 30 Days', 'data', 5368709120, 30, 'local', null, 4.2, 'USD', '\x01', '2026-11-20 09:00Z', '2026-11-20 09:00Z'),
       (1121, 'France 1 GB - 7 Days', 'data', 1073741824, 7, 'local', null, 1.35, 'USD', '\x02', '2026-11-20 09:00Z', '2026-11-20 09:00Z'),
       (2044, 'Europe 10 GB - 30 Days', 'data', 10737418240, 30, 'regional', 'europe', 9.8765, 'USD', '\x03', '2026-11-20 09:00Z', '2026-11-20 09:00Z'),
       (3001, 'Global 20 GB - 60 Days', 'data', 21474836480, 60, 'global', null, 38, 'USD', '\x04', '2026-11-20 09:00Z', '2026-11-20 09:00Z');
insert into markup_rules (percent, fixed, currency, rounding, published_by, published_at)
values (25, 0, 'USD', 'none', 'first start', '2026-11-20 09:00Z');
insert into sync_runs (started_at, finished_at, outcome, packages, added, set_aside, note)
values ('2026-11-22 11:40Z', '2026-11-22 11:40:03.2Z', 'applied', 4, 4, 1, null),
       ('2026-11-22 11:55Z', '2026-11-22 11:55:10Z', 'held', 4, 0, 0, 'It would have withdrawn 3 of 4 packages; nothing was changed.');
insert into packages_set_aside (run_id, package_id, name, reason)
values (1, '77', 'Nowhere <b>1 GB</b>', 'the cost is negative');
insert into wallet_reading (balance, currency, read_at) values (112.4, 'USD', '2026-11-22 11:58Z');
insert into esims (upstream_esim_id, iccid, activation_code, smdp_address, matching_id, expires_on, stored_at)
values (9, '8988207000000000042', 'LPA:1$smdp.example.com$SECRET-MATCHING-ID', 'smdp.example.com', 'SECRET-MATCHING-ID', '2027-04-14', '2026-11-22 10:02Z');

insert into orders (number, token, form_key, form_fingerprint, email, language, status, payment_status, attention, currency,
                    total_minor, terms_accepted_at, created_at, expires_at, paid_at, finished_at)
values ('SF-7K3M9QWX', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'k1', '\x01', 'ada@example.com', 'en', 'completed',
        'partially_refunded', false, 'USD', 1050, '2026-11-22 10:00Z', '2026-11-22 10:00Z', '2026-11-22 11:00Z', '2026-11-22 10:01Z', '2026-11-22 10:05Z'),
       ('SF-4HX2PPRT', 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb', 'k2', '\x02', 'grace.brewster.murray.hopper@a-rather-long-domain.example.org', 'it', 'processing',
        'paid', true, 'USD', 1235, '2026-11-22 10:30Z', '2026-11-22 10:30Z', '2026-11-22 11:30Z', '2026-11-22 10:31Z', null),
       ('SF-9ZZQ2M4C', 'cccccccccccccccccccccccccccccccc', 'k3', '\x03', 'linus@example.net', 'en', 'awaiting_payment',
        'pending', false, 'USD', 525, '2026-11-22 11:50Z', '2026-11-22 11:50Z', '2026-11-22 12:50Z', null, null);
insert into order_lines (order_id, position, package_id, name, facts, quantity, unit_price_minor, cost, cost_currency, markup_rule_id)
values (1, 1, 1120, 'France 5 GB - 30 Days', '{}', 2, 525, 4.2, 'USD', 1),
       (2, 1, 2044, 'Europe 10 GB - 30 Days', '{}', 1, 1235, 9.8765, 'USD', 1),
       (3, 1, 1120, 'France 5 GB - 30 Days', '{}', 1, 525, 4.2, 'USD', 1);
insert into units (order_id, line_id, position, unit, external_order_id, status, hold_reason, failure, upstream_order_id, esim_id, real_cost, real_cost_currency, changed_at)
values (1, 1, 1, 1, 'SF-7K3M9QWX-1-1', 'completed', null, null, 88123, 1, 4.2, 'USD', '2026-11-22 10:02Z'),
       (1, 1, 1, 2, 'SF-7K3M9QWX-1-2', 'failed', null, 'refused', null, null, null, null, '2026-11-22 10:05Z'),
       (2, 2, 1, 1, 'SF-4HX2PPRT-1-1', 'on_hold', 'doubt_expired', null, null, null, null, null, '2026-11-22 10:45Z'),
       (3, 3, 1, 1, 'SF-9ZZQ2M4C-1-1', 'pending', null, null, null, null, null, null, '2026-11-22 11:50Z');
insert into attempts (unit_id, number, idempotency_key, committed_at, outcome, settled, reason, http_status, answered_at)
values (1, 1, '0192f3a0-0000-4000-8000-000000000001', '2026-11-22 10:01:05Z', 'done', null, null, 201, '2026-11-22 10:01:05.42Z'),
       (2, 1, '0192f3a0-0000-4000-8000-000000000002', '2026-11-22 10:01:06Z', 'refused', null, 'Package is sold out', 422, '2026-11-22 10:01:06.31Z'),
       (3, 1, '0192f3a0-0000-4000-8000-000000000003', '2026-11-22 10:31:02Z', 'doubt', null, 'no answer within 10 s', null, '2026-11-22 10:31:12Z');
insert into payments (order_id, method, token, status, amount_minor, currency, counted, refunded_minor, created_at, expires_at, settled_at)
values (1, 'test', 'dddddddddddddddddddddddddddddddd', 'paid', 1050, 'USD', true, 525, '2026-11-22 10:00Z', '2026-11-22 11:00Z', '2026-11-22 10:01Z'),
       (2, 'test', 'eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee', 'paid', 1235, 'USD', true, 0, '2026-11-22 10:30Z', '2026-11-22 11:30Z', '2026-11-22 10:31Z'),
       (3, 'test', 'ffffffffffffffffffffffffffffffff', 'pending', 525, 'USD', false, 0, '2026-11-22 11:50Z', '2026-11-22 12:50Z', null);
insert into refunds (payment_id, order_id, unit_id, amount_minor, currency, reason, status, key, requested_by, created_at, settled_at)
values (1, 1, 2, 525, 'USD', 'refused', 'done', 'r1', 'shop', '2026-11-22 10:01:07Z', '2026-11-22 10:05Z');
insert into mails (key, recipient, subject, html, plain, created_at, sent_at)
values ('delivered:SF-7K3M9QWX', 'ada@example.com', 'Your eSIM is ready', '', '', '2026-11-22 10:02Z', '2026-11-22 10:02:02Z');
insert into webhook_deliveries (source, delivery_key, delivery_id, event, body, body_hash, signature_form, status, note, order_number, received_at, processed_at)
values ('esimdual', 'id:1', '1', 'order.completed', '{"secret": "RAW-BODY"}', '\x01', 'hex', 'done', 'completed unit 1.1', 'SF-7K3M9QWX', '2026-11-22 10:02Z', '2026-11-22 10:02:01Z'),
       ('esimdual', 'id:2', '2', 'order.exploded', '{}', '\x02', 'base64', 'ignored', 'an event that is not known', null, '2026-11-22 10:03Z', '2026-11-22 10:03:01Z');
insert into webhook_refusals (source, day, reason, count, last_at)
values ('esimdual', '2026-11-22', 'wrong_signature', 7, '2026-11-22 11:30Z');
insert into order_history (order_id, unit_id, at, actor, event, detail)
values (1, null, '2026-11-22 10:00Z', 'customer', 'placed', '{"total": "10.50"}'),
       (1, null, '2026-11-22 10:01Z', 'payment', 'paid', '{}'),
       (1, 1, '2026-11-22 10:01:05Z', 'shop', 'attempted', '{"attempt": 1}'),
       (1, 1, '2026-11-22 10:02Z', 'upstream', 'delivered', '{"upstream_order": 88123}'),
       (1, 2, '2026-11-22 10:05Z', 'shop', 'failed', '{"reason": "refused"}'),
       (2, null, '2026-11-22 10:30Z', 'customer', 'placed', '{}');
insert into jobs (kind, key, payload, run_at, created_at, dead_at, last_error)
values ('send_mail', 'mail:7', '{}', '2026-11-22 09:00Z', '2026-11-22 09:00Z', '2026-11-22 09:30Z', 'the mail server refused the recipient');
