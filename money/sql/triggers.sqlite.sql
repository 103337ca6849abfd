-- What the database itself refuses (DESIGN: lines first, header last). The same rules as triggers.postgresql.sql.
-- A statement begins at a line that starts with CREATE; `money.triggers` installs and compares them.

CREATE TRIGGER duka_line_insert BEFORE INSERT ON money_line
BEGIN
    SELECT RAISE(ABORT, 'money: the entry is posted, no line can be added')
    WHERE EXISTS (SELECT 1 FROM money_entry WHERE id = NEW.entry_id);
    -- INSERT OR REPLACE would delete the old row without asking a DELETE trigger.
    SELECT RAISE(ABORT, 'money: this line exists already')
    WHERE EXISTS (SELECT 1 FROM money_line WHERE id = NEW.id);
    -- A column of type bigint takes 1.5 in SQLite.
    SELECT RAISE(ABORT, 'money: an amount is a whole number of cents')
    WHERE typeof(NEW.amount_cents) <> 'integer';
END

CREATE TRIGGER duka_entry_insert BEFORE INSERT ON money_entry
BEGIN
    SELECT RAISE(ABORT, 'money: an entry with this id, key, number or reversal exists already')
    -- One by one: an OR of four may be answered by reading the whole table.
    WHERE EXISTS (SELECT 1 FROM money_entry WHERE id = NEW.id)
       OR EXISTS (SELECT 1 FROM money_entry WHERE "key" = NEW."key")
       OR EXISTS (
           SELECT 1 FROM money_entry WHERE business_id = NEW.business_id AND number = NEW.number
       )
       OR (
           NEW.reverses_id IS NOT NULL
           AND EXISTS (SELECT 1 FROM money_entry WHERE reverses_id = NEW.reverses_id)
       );
    SELECT RAISE(ABORT, 'money: an entry needs two lines or more that sum to zero')
    WHERE (SELECT COUNT(*) < 2 OR SUM(amount_cents) <> 0 FROM money_line WHERE entry_id = NEW.id);
    SELECT RAISE(ABORT, 'money: a line belongs to another day or to another book')
    WHERE EXISTS (
        SELECT 1 FROM money_line l JOIN money_account a ON a.id = l.account_id
        WHERE l.entry_id = NEW.id
          AND (l.occurred_on <> NEW.occurred_on OR a.business_id <> NEW.business_id)
    );
    SELECT RAISE(ABORT, 'money: an entry follows the head of its book without a gap')
    WHERE NOT EXISTS (
        SELECT 1 FROM money_book
        WHERE business_id = NEW.business_id AND last_number = NEW.number - 1
          AND head_hash = NEW.previous_hash
    );
    -- A late fact belongs to the day it became known; only an adjustment enters a closed day.
    SELECT RAISE(ABORT, 'money: the books are closed for that day')
    WHERE EXISTS (
        SELECT 1 FROM money_book
        WHERE business_id = NEW.business_id
          AND (locked_through >= NEW.occurred_on
               OR (closed_through >= NEW.occurred_on AND NEW.kind = 'fact'))
    );
END

-- AFTER: an INSERT OR IGNORE that a CHECK turned away must not move the head.
CREATE TRIGGER duka_entry_inserted AFTER INSERT ON money_entry
BEGIN
    UPDATE money_book SET last_number = NEW.number, head_hash = NEW.hash
    WHERE business_id = NEW.business_id;
END

CREATE TRIGGER duka_line_update BEFORE UPDATE ON money_line
BEGIN
    SELECT RAISE(ABORT, 'money: a posted line is frozen; correct it by a reversing entry');
END

CREATE TRIGGER duka_line_delete BEFORE DELETE ON money_line
BEGIN
    SELECT RAISE(ABORT, 'money: a posted line is frozen; correct it by a reversing entry');
END

CREATE TRIGGER duka_entry_update BEFORE UPDATE ON money_entry
BEGIN
    SELECT RAISE(ABORT, 'money: a posted entry is frozen; correct it by a reversing entry');
END

CREATE TRIGGER duka_entry_delete BEFORE DELETE ON money_entry
BEGIN
    SELECT RAISE(ABORT, 'money: a posted entry is frozen; correct it by a reversing entry');
END

-- INSERT OR REPLACE would walk past the two triggers that freeze an account and a business.
CREATE TRIGGER duka_account_insert BEFORE INSERT ON money_account
BEGIN
    SELECT RAISE(ABORT, 'money: an account with entries keeps its code, kind and business')
    WHERE EXISTS (SELECT 1 FROM money_line WHERE account_id = NEW.id);
END

CREATE TRIGGER duka_business_insert BEFORE INSERT ON money_business
BEGIN
    SELECT RAISE(ABORT, 'money: a business with entries keeps its slug, it is part of the chain')
    WHERE EXISTS (SELECT 1 FROM money_entry WHERE business_id = NEW.id);
END

CREATE TRIGGER duka_account_update BEFORE UPDATE ON money_account
WHEN (OLD.id, OLD.code, OLD.kind, OLD.business_id) IS NOT (NEW.id, NEW.code, NEW.kind, NEW.business_id)
BEGIN
    SELECT RAISE(ABORT, 'money: an account with entries keeps its code, kind and business')
    WHERE EXISTS (SELECT 1 FROM money_line WHERE account_id = OLD.id);
END

CREATE TRIGGER duka_business_update BEFORE UPDATE ON money_business
WHEN (OLD.id, OLD.slug) IS NOT (NEW.id, NEW.slug)
BEGIN
    SELECT RAISE(ABORT, 'money: a business with entries keeps its slug, it is part of the chain')
    WHERE EXISTS (SELECT 1 FROM money_entry WHERE business_id = OLD.id);
END

CREATE TRIGGER duka_periodevent_insert BEFORE INSERT ON money_periodevent
BEGIN
    SELECT RAISE(ABORT, 'money: a period event follows the last one without a gap')
    WHERE NEW.number <> 1 + (
        SELECT COUNT(*) FROM money_periodevent WHERE business_id = NEW.business_id
    ) OR EXISTS (SELECT 1 FROM money_periodevent WHERE id = NEW.id);
END

CREATE TRIGGER duka_periodevent_update BEFORE UPDATE ON money_periodevent
BEGIN
    SELECT RAISE(ABORT, 'money: what was closed or unlocked stays on record');
END

CREATE TRIGGER duka_periodevent_delete BEFORE DELETE ON money_periodevent
BEGIN
    SELECT RAISE(ABORT, 'money: what was closed or unlocked stays on record');
END

CREATE TRIGGER duka_book_delete BEFORE DELETE ON money_book
BEGIN
    SELECT RAISE(ABORT, 'money: a book with entries stays') WHERE OLD.last_number > 0;
END

CREATE TRIGGER duka_book_insert BEFORE INSERT ON money_book
BEGIN
    SELECT RAISE(ABORT, 'money: a book with entries stays')
    WHERE EXISTS (SELECT 1 FROM money_entry WHERE business_id = NEW.business_id);
END

CREATE TRIGGER duka_journal_insert BEFORE INSERT ON money_journal
BEGIN
    SELECT RAISE(ABORT, 'money: a decided journal is frozen')
    WHERE EXISTS (SELECT 1 FROM money_journal WHERE id = NEW.id OR "key" = NEW."key");
    SELECT RAISE(ABORT, 'money: a journal begins as a proposal')
    WHERE NEW.state <> 'proposed'
       OR (NEW.entry_id, NEW.decided_by_id, NEW.decided_at) IS NOT (NULL, NULL, NULL)
       OR NEW.decision_note <> '';
END

-- What was proposed is what the second person decides on.
CREATE TRIGGER duka_journal_update BEFORE UPDATE ON money_journal
BEGIN
    SELECT RAISE(ABORT, 'money: a decided journal is frozen') WHERE OLD.state <> 'proposed';
    SELECT RAISE(ABORT, 'money: of a proposed journal only the decision is written')
    WHERE (OLD.id, OLD."key", OLD.business_id, OLD.kind, OLD.occurred_on, OLD.description,
           OLD.corrects_id, OLD.attachment_id, OLD.needs_second_person, OLD.proposed_by_id, OLD.proposed_at)
          IS NOT
          (NEW.id, NEW."key", NEW.business_id, NEW.kind, NEW.occurred_on, NEW.description,
           NEW.corrects_id, NEW.attachment_id, NEW.needs_second_person, NEW.proposed_by_id, NEW.proposed_at);
END

CREATE TRIGGER duka_journal_delete BEFORE DELETE ON money_journal WHEN OLD.state <> 'proposed'
BEGIN
    SELECT RAISE(ABORT, 'money: a decided journal is frozen');
END

CREATE TRIGGER duka_journalline_insert BEFORE INSERT ON money_journalline
BEGIN
    SELECT RAISE(ABORT, 'money: a decided journal is frozen')
    WHERE EXISTS (SELECT 1 FROM money_journal WHERE id = NEW.journal_id AND state <> 'proposed')
       OR EXISTS (SELECT 1 FROM money_journalline WHERE id = NEW.id);
END

CREATE TRIGGER duka_journalline_update BEFORE UPDATE ON money_journalline
BEGIN
    SELECT RAISE(ABORT, 'money: a decided journal is frozen')
    WHERE EXISTS (
        SELECT 1 FROM money_journal
        WHERE id IN (OLD.journal_id, NEW.journal_id) AND state <> 'proposed'
    );
END

CREATE TRIGGER duka_journalline_delete BEFORE DELETE ON money_journalline
BEGIN
    SELECT RAISE(ABORT, 'money: a decided journal is frozen')
    WHERE EXISTS (SELECT 1 FROM money_journal WHERE id = OLD.journal_id AND state <> 'proposed');
END

CREATE TRIGGER duka_attachment_insert BEFORE INSERT ON money_attachment
BEGIN
    SELECT RAISE(ABORT, 'money: a paper stays as it was added')
    WHERE EXISTS (SELECT 1 FROM money_attachment WHERE id = NEW.id);
END

CREATE TRIGGER duka_attachment_update BEFORE UPDATE ON money_attachment
BEGIN
    SELECT RAISE(ABORT, 'money: a paper stays as it was added');
END

CREATE TRIGGER duka_attachment_delete BEFORE DELETE ON money_attachment
BEGIN
    SELECT RAISE(ABORT, 'money: a paper stays as it was added');
END

CREATE TRIGGER duka_rolelimit_insert BEFORE INSERT ON money_rolelimit
BEGIN
    SELECT RAISE(ABORT, 'money: what was done to staff and limits stays on record')
    WHERE EXISTS (SELECT 1 FROM money_rolelimit WHERE id = NEW.id);
END

CREATE TRIGGER duka_rolelimit_update BEFORE UPDATE ON money_rolelimit
BEGIN
    SELECT RAISE(ABORT, 'money: what was done to staff and limits stays on record');
END

CREATE TRIGGER duka_rolelimit_delete BEFORE DELETE ON money_rolelimit
BEGIN
    SELECT RAISE(ABORT, 'money: what was done to staff and limits stays on record');
END

CREATE TRIGGER duka_staffevent_insert BEFORE INSERT ON money_staffevent
BEGIN
    SELECT RAISE(ABORT, 'money: what was done to staff and limits stays on record')
    WHERE EXISTS (SELECT 1 FROM money_staffevent WHERE id = NEW.id);
END

CREATE TRIGGER duka_staffevent_update BEFORE UPDATE ON money_staffevent
BEGIN
    SELECT RAISE(ABORT, 'money: what was done to staff and limits stays on record');
END

CREATE TRIGGER duka_staffevent_delete BEFORE DELETE ON money_staffevent
BEGIN
    SELECT RAISE(ABORT, 'money: what was done to staff and limits stays on record');
END
