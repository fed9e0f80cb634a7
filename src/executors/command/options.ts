import { z } from 'zod'
import { type Confinement, confinement } from '../sandbox/confinement.ts'

/** A command line that the operator lets tasks run. */
const Command = z.strictObject({
  command: z
    .array(z.string().min(1))
    .min(1)
    .describe('The program and its arguments, passed on without a shell.'),
  description: z.string().min(1).max(500),
  ...confinement,
})
export type Command = z.output<typeof Command> & Pick<Confinement, 'secrets'>

/** All commands by name. */
export const Commands = z.record(z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/), Command)
export type Commands = Record<string, Command>
