/** This process's time in milliseconds. Use it for durations; dates come from the store. */
export type Clock = () => number
