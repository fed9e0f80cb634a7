/**
 * The current time in milliseconds since 1970, by the clock that all processes share: the store's.
 */
export type StoreClock = () => Promise<number>
