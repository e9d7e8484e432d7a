-- in: entry. out: row_use, the uses of each row as delivered, to be counted.
CREATE TABLE row_use AS SELECT row_number, uses_read FROM entry;
