/** Now, in milliseconds since 1970, by the one clock that all processes share: that of the store. */
export type StoreClock = () => Promise<number>
