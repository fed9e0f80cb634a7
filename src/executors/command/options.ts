import { z } from 'zod'

/** A command line that the operator lets tasks run. */
const Command = z.strictObject({
  command: z
    .array(z.string().min(1))
    .min(1)
    .describe('The program and its arguments, as they are: no shell reads them.'),
  description: z.string().min(1).max(500),
  network: z.boolean().default(false).describe('Whether it may use the network of this machine.'),
  timeoutMs: z.int().min(1).max(86_400_000).optional(),
  maxWorkspaceBytes: z
    .int()
    .min(1)
    .default(8 * 1024 ** 3)
    .describe('What its workspace may take on the disk, with the files that it starts with.'),
  env: z
    .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.string())
    .default({})
    .describe('Its environment, besides PATH, HOME and LANG.'),
  readable: z
    .array(z.string().startsWith('/'))
    .default([])
    .describe('Absolute paths that it may read, besides programs and libraries of the system.'),
})
export type Command = z.output<typeof Command>

/** All commands, by name. */
export const Commands = z.record(z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/), Command)
export type Commands = z.output<typeof Commands>
