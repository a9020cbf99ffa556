//! Proves that what is kept agrees: balances with their entries, states with their events, parents with their parts.
