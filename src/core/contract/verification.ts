import { z } from 'zod'

/** One thing that a finding says of a file, looked up by code. */
export const EvidenceCheck = z
  .object({
    /** `file`: it is in the workspace. `line`: the file has it. `quote`: what is quoted stands in it. */
    kind: z.enum(['file', 'line', 'quote']),
    holds: z.boolean(),
  })
  .meta({ id: 'EvidenceCheck' })
export type EvidenceCheck = z.output<typeof EvidenceCheck>

export const Verification = z
  .object({
    /**
     * `confirmed`: what it quotes stands there. `refuted`: a check does not hold. `unverified`: nothing
     * speaks against it, and nothing was quoted that could be looked up.
     */
    status: z.enum(['confirmed', 'refuted', 'unverified']),
    /** Empty for a finding that names no file. */
    checks: z.array(EvidenceCheck),
  })
  .meta({ id: 'Verification' })
export type Verification = z.output<typeof Verification>
