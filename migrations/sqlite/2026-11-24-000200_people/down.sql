DROP TABLE sign_in_addresses;
DROP TABLE sign_in_failures;
DROP TABLE tokens;
DROP TABLE invitations;
DROP TABLE grants;
DROP TABLE users;
