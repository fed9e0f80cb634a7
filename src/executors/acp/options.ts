import { z } from 'zod'
import { type Confinement, confinement } from '../sandbox/confinement.ts'

/** An agent that speaks the Agent Client Protocol and that the operator allows tasks to use. */
const AcpAgent = z.strictObject({
  command: z
    .array(z.string().min(1))
    .min(1)
    .describe(
      'The program and its arguments, without a shell; it speaks over its standard streams.',
    ),
  description: z.string().min(1).max(500),
  serveFiles: z
    .boolean()
    .default(true)
    .describe(
      'Whether it may read and write files through us; if not, it does so by itself, in the sandbox.',
    ),
  ...confinement,
})
export type AcpAgent = z.output<typeof AcpAgent> & Pick<Confinement, 'secrets'>

/** All agents, by name. */
export const AcpAgents = z.record(z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/), AcpAgent)
export type AcpAgents = Record<string, AcpAgent>

/** A member of `task.options`, next to the agent's name. */
export const permissions = z
  .enum(['allow', 'reject'])
  .optional()
  .describe(
    'How its requests for permission are answered: `allow` grants what stays in the workspace, `reject` only reading. `allow` if absent.',
  )
export type Permissions = NonNullable<z.output<typeof permissions>>
