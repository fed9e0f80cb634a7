/** The time as this process has it, in milliseconds. For how long things take; dates come from the store. */
export type Clock = () => number
