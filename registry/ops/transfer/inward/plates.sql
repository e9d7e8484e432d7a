INSERT INTO plate (id, code, issued_on, mounted_on, lost_on)
SELECT line, code, issued_on, mounted_on, lost_on FROM part;
