-- in: addressed, fresh, issued. out: the codes of new rows in `addressed`.
UPDATE addressed a SET code = c.code
FROM fresh f JOIN issued c ON c.turn = f.turn WHERE f.row_number = a.row_number;
