-- What the database itself refuses (DESIGN: lines first, header last). The same rules as triggers.sqlite.sql.
-- A statement begins at a line that starts with CREATE; `money.triggers` installs and compares them.

CREATE OR REPLACE FUNCTION duka_line_insert() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE
    book record;
BEGIN
    -- Without the book's lock a line could slip under an entry that another session is committing.
    FOR book IN
        SELECT business_id * 10000000000 AS first_id, last_number FROM money_book
        WHERE business_id = ANY (ARRAY(SELECT entry_id / 10000000000 FROM fresh)) FOR UPDATE
    LOOP
        IF EXISTS (
            SELECT 1 FROM fresh
            WHERE entry_id > book.first_id AND entry_id <= book.first_id + book.last_number
        ) THEN
            RAISE EXCEPTION 'money: the entry is posted, no line can be added'
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    END LOOP;
    RETURN NULL;
END
$body$;

CREATE TRIGGER duka_line_insert AFTER INSERT ON money_line REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION duka_line_insert();

-- AFTER: rows that a constraint refused, or ON CONFLICT left out, must not move the head. Of several
-- rows in one statement each follows the one before.
CREATE OR REPLACE FUNCTION duka_entry_insert() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE
    tally record;
BEGIN
    UPDATE money_book SET last_number = NEW.number, head_hash = NEW.hash
    WHERE business_id = NEW.business_id
      AND last_number = NEW.number - 1 AND head_hash = NEW.previous_hash
      -- A late fact belongs to the day it became known; only an adjustment enters a closed day.
      AND (locked_through IS NULL OR locked_through < NEW.occurred_on)
      AND (closed_through IS NULL OR closed_through < NEW.occurred_on OR NEW.kind <> 'fact');
    IF NOT FOUND THEN
        IF EXISTS (
            SELECT 1 FROM money_book
            WHERE business_id = NEW.business_id
              AND last_number = NEW.number - 1 AND head_hash = NEW.previous_hash
        ) THEN
            RAISE EXCEPTION 'money: the books are closed for that day'
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RAISE EXCEPTION 'money: an entry follows the head of its book without a gap'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    SELECT count(*) AS lines, coalesce(sum(l.amount_cents), 0) AS total,
           count(*) FILTER (
               WHERE l.occurred_on <> NEW.occurred_on OR a.business_id <> NEW.business_id
           ) AS strangers
    INTO tally
    FROM money_line l JOIN money_account a ON a.id = l.account_id WHERE l.entry_id = NEW.id;
    IF tally.lines < 2 OR tally.total <> 0 THEN
        RAISE EXCEPTION 'money: an entry needs two lines or more that sum to zero'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF tally.strangers > 0 THEN
        RAISE EXCEPTION 'money: a line belongs to another day or to another book'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END
$body$;

CREATE TRIGGER duka_entry_insert AFTER INSERT ON money_entry FOR EACH ROW EXECUTE FUNCTION duka_entry_insert();

CREATE OR REPLACE FUNCTION duka_frozen() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    RAISE EXCEPTION 'money: a posted % is frozen; correct it by a reversing entry',
        CASE TG_TABLE_NAME WHEN 'money_line' THEN 'line' ELSE 'entry' END
        USING ERRCODE = 'integrity_constraint_violation';
END
$body$;

CREATE TRIGGER duka_line_update BEFORE UPDATE ON money_line FOR EACH ROW EXECUTE FUNCTION duka_frozen();

CREATE TRIGGER duka_line_delete BEFORE DELETE ON money_line FOR EACH ROW EXECUTE FUNCTION duka_frozen();

CREATE TRIGGER duka_line_truncate BEFORE TRUNCATE ON money_line FOR EACH STATEMENT EXECUTE FUNCTION duka_frozen();

CREATE TRIGGER duka_entry_update BEFORE UPDATE ON money_entry FOR EACH ROW EXECUTE FUNCTION duka_frozen();

CREATE TRIGGER duka_entry_delete BEFORE DELETE ON money_entry FOR EACH ROW EXECUTE FUNCTION duka_frozen();

CREATE TRIGGER duka_entry_truncate BEFORE TRUNCATE ON money_entry FOR EACH STATEMENT EXECUTE FUNCTION duka_frozen();

CREATE OR REPLACE FUNCTION duka_account_update() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF (OLD.id, OLD.code, OLD.kind, OLD.business_id)
       IS DISTINCT FROM (NEW.id, NEW.code, NEW.kind, NEW.business_id)
       AND EXISTS (SELECT 1 FROM money_line WHERE account_id = OLD.id) THEN
        RAISE EXCEPTION 'money: an account with entries keeps its code, kind and business'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$body$;

CREATE TRIGGER duka_account_update BEFORE UPDATE ON money_account FOR EACH ROW EXECUTE FUNCTION duka_account_update();

CREATE OR REPLACE FUNCTION duka_business_update() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF (OLD.id, OLD.slug) IS DISTINCT FROM (NEW.id, NEW.slug)
       AND EXISTS (SELECT 1 FROM money_entry WHERE business_id = OLD.id) THEN
        RAISE EXCEPTION 'money: a business with entries keeps its slug, it is part of the chain'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$body$;

CREATE TRIGGER duka_business_update BEFORE UPDATE ON money_business FOR EACH ROW EXECUTE FUNCTION duka_business_update();

CREATE OR REPLACE FUNCTION duka_periodevent_insert() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    PERFORM 1 FROM money_book WHERE business_id = NEW.business_id FOR UPDATE;
    IF NEW.number <> 1 + (
        SELECT count(*) FROM money_periodevent WHERE business_id = NEW.business_id
    ) THEN
        RAISE EXCEPTION 'money: a period event follows the last one without a gap'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$body$;

CREATE TRIGGER duka_periodevent_insert BEFORE INSERT ON money_periodevent FOR EACH ROW EXECUTE FUNCTION duka_periodevent_insert();

CREATE OR REPLACE FUNCTION duka_on_record() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    RAISE EXCEPTION 'money: what was closed or unlocked stays on record'
        USING ERRCODE = 'integrity_constraint_violation';
END
$body$;

CREATE TRIGGER duka_periodevent_update BEFORE UPDATE ON money_periodevent FOR EACH ROW EXECUTE FUNCTION duka_on_record();

CREATE TRIGGER duka_periodevent_delete BEFORE DELETE ON money_periodevent FOR EACH ROW EXECUTE FUNCTION duka_on_record();

CREATE TRIGGER duka_periodevent_truncate BEFORE TRUNCATE ON money_periodevent FOR EACH STATEMENT EXECUTE FUNCTION duka_on_record();

CREATE OR REPLACE FUNCTION duka_book_delete() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF OLD.last_number > 0 THEN
        RAISE EXCEPTION 'money: a book with entries stays'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN OLD;
END
$body$;

CREATE TRIGGER duka_book_delete BEFORE DELETE ON money_book FOR EACH ROW EXECUTE FUNCTION duka_book_delete();

CREATE OR REPLACE FUNCTION duka_journal_insert() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF NEW.state <> 'proposed'
       OR (NEW.entry_id, NEW.decided_by_id, NEW.decided_at) IS DISTINCT FROM (NULL, NULL, NULL)
       OR NEW.decision_note <> '' THEN
        RAISE EXCEPTION 'money: a journal begins as a proposal'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$body$;

CREATE TRIGGER duka_journal_insert BEFORE INSERT ON money_journal FOR EACH ROW EXECUTE FUNCTION duka_journal_insert();

CREATE OR REPLACE FUNCTION duka_journal_decided() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF OLD.state <> 'proposed' THEN
        RAISE EXCEPTION 'money: a decided journal is frozen'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    -- What was proposed is what the second person decides on.
    IF (OLD.id, OLD.key, OLD.business_id, OLD.kind, OLD.occurred_on, OLD.description,
        OLD.corrects_id, OLD.attachment_id, OLD.needs_second_person, OLD.proposed_by_id, OLD.proposed_at)
       IS DISTINCT FROM
       (NEW.id, NEW.key, NEW.business_id, NEW.kind, NEW.occurred_on, NEW.description,
        NEW.corrects_id, NEW.attachment_id, NEW.needs_second_person, NEW.proposed_by_id, NEW.proposed_at) THEN
        RAISE EXCEPTION 'money: of a proposed journal only the decision is written'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$body$;

CREATE TRIGGER duka_journal_update BEFORE UPDATE ON money_journal FOR EACH ROW EXECUTE FUNCTION duka_journal_decided();

CREATE TRIGGER duka_journal_delete BEFORE DELETE ON money_journal FOR EACH ROW EXECUTE FUNCTION duka_journal_decided();

CREATE OR REPLACE FUNCTION duka_journalline_decided() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF EXISTS (
        SELECT 1 FROM money_journal
        WHERE state <> 'proposed' AND id IN (
            CASE TG_OP WHEN 'INSERT' THEN NEW.journal_id ELSE OLD.journal_id END,
            CASE TG_OP WHEN 'DELETE' THEN OLD.journal_id ELSE NEW.journal_id END
        )
    ) THEN
        RAISE EXCEPTION 'money: a decided journal is frozen'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END
$body$;

CREATE TRIGGER duka_journalline_insert BEFORE INSERT ON money_journalline FOR EACH ROW EXECUTE FUNCTION duka_journalline_decided();

CREATE TRIGGER duka_journalline_update BEFORE UPDATE ON money_journalline FOR EACH ROW EXECUTE FUNCTION duka_journalline_decided();

CREATE TRIGGER duka_journalline_delete BEFORE DELETE ON money_journalline FOR EACH ROW EXECUTE FUNCTION duka_journalline_decided();

CREATE OR REPLACE FUNCTION duka_paper() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    RAISE EXCEPTION 'money: a paper stays as it was added'
        USING ERRCODE = 'integrity_constraint_violation';
END
$body$;

CREATE TRIGGER duka_attachment_update BEFORE UPDATE ON money_attachment FOR EACH ROW EXECUTE FUNCTION duka_paper();

CREATE TRIGGER duka_attachment_delete BEFORE DELETE ON money_attachment FOR EACH ROW EXECUTE FUNCTION duka_paper();

CREATE TRIGGER duka_attachment_truncate BEFORE TRUNCATE ON money_attachment FOR EACH STATEMENT EXECUTE FUNCTION duka_paper();

CREATE OR REPLACE FUNCTION duka_staff_record() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    RAISE EXCEPTION 'money: what was done to staff and limits stays on record'
        USING ERRCODE = 'integrity_constraint_violation';
END
$body$;

CREATE TRIGGER duka_rolelimit_update BEFORE UPDATE ON money_rolelimit FOR EACH ROW EXECUTE FUNCTION duka_staff_record();

CREATE TRIGGER duka_rolelimit_delete BEFORE DELETE ON money_rolelimit FOR EACH ROW EXECUTE FUNCTION duka_staff_record();

CREATE TRIGGER duka_rolelimit_truncate BEFORE TRUNCATE ON money_rolelimit FOR EACH STATEMENT EXECUTE FUNCTION duka_staff_record();

CREATE TRIGGER duka_staffevent_update BEFORE UPDATE ON money_staffevent FOR EACH ROW EXECUTE FUNCTION duka_staff_record();

CREATE TRIGGER duka_staffevent_delete BEFORE DELETE ON money_staffevent FOR EACH ROW EXECUTE FUNCTION duka_staff_record();

CREATE TRIGGER duka_staffevent_truncate BEFORE TRUNCATE ON money_staffevent FOR EACH STATEMENT EXECUTE FUNCTION duka_staff_record();
