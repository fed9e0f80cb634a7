import { z } from 'zod'

/** One claim of a finding about a file, looked up by code. */
export const EvidenceCheck = z
  .object({
    /** `file`: it is in the workspace. `line`: the file has it. `quote`: the file contains what is quoted. */
    kind: z.enum(['file', 'line', 'quote']),
    holds: z.boolean(),
  })
  .meta({ id: 'EvidenceCheck' })
export type EvidenceCheck = z.output<typeof EvidenceCheck>

/** What one independent call of a model said of a finding, with the file before it. */
export const Vote = z
  .object({ verdict: z.enum(['confirmed', 'refuted', 'unsure']), reason: z.string() })
  .meta({ id: 'Vote' })
export type Vote = z.output<typeof Vote>

export const Verification = z
  .object({
    /**
     * `confirmed`: what it quotes stands there, or most votes confirm it. `refuted`: a check does not
     * hold, or most votes refute it. `unverified`: neither. Where there are votes, they decide.
     */
    status: z.enum(['confirmed', 'refuted', 'unverified']),
    /** Of the calls that `policy.verify` asked for; absent where none was made. */
    votes: z.array(Vote).optional(),
    /** Empty for a finding that names no file. */
    checks: z.array(EvidenceCheck),
  })
  .meta({ id: 'Verification' })
export type Verification = z.output<typeof Verification>
