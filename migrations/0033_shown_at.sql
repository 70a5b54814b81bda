-- When what staff say of a package last changed what visitors see of it: its own name, whether it is hidden, comes first
-- or is held. A note for staff changes nothing there, and search engines are told no new day for it.
alter table package_overrides add column shown_at timestamptz;
update package_overrides set shown_at = changed_at;
