import { z } from 'zod'

/** One claim of a finding about a file, checked by code. */
export const EvidenceCheck = z
  .object({
    /** `file`: it is in the workspace. `line`: the file has it. `quote`: the file contains what is quoted. */
    kind: z.enum(['file', 'line', 'quote']),
    holds: z.boolean(),
  })
  .meta({ id: 'EvidenceCheck' })
export type EvidenceCheck = z.output<typeof EvidenceCheck>

/** The verdict of one independent model call that was shown the finding and the file. */
export const Vote = z
  .object({ verdict: z.enum(['confirmed', 'refuted', 'unsure']), reason: z.string() })
  .meta({ id: 'Vote' })
export type Vote = z.output<typeof Vote>

export const Verification = z
  .object({
    /**
     * `confirmed`: the file contains the quotation, or most votes confirm the finding. `refuted`: a
     * check failed, or most votes refute it. `unverified`: neither. Votes take precedence over
     * checks.
     */
    status: z.enum(['confirmed', 'refuted', 'unverified']),
    /** Votes of the calls that `policy.verify` asked for; absent if there were none. */
    votes: z.array(Vote).optional(),
    /** Empty for a finding that names no file. */
    checks: z.array(EvidenceCheck),
  })
  .meta({ id: 'Verification' })
export type Verification = z.output<typeof Verification>
