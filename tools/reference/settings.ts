// The environment variables of a service, as its schema has them: what it says of a wrong value is what it takes.
import * as z from 'zod/mini'

/** `allowed` goes on from "must be". `fallback`: what holds if it is not set; undefined: it must be set. */
export type Setting = {
  name: string
  allowed: string
  fallback: string | undefined
  meaning: string
}

/** No variable can be this: a string of the environment ends there. */
const WRONG = '\0'

/** Lists them in the schema's order. Throws if one has no description, or takes anything. */
export function listSettings(schema: z.ZodMiniObject): Setting[] {
  const { properties = {} } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
  return Object.entries(schema.shape).map(([name, variable]) => {
    const { description: meaning } = Object(properties[name])
    const [issue] = z.safeParse(variable, WRONG).error?.issues ?? []
    if (meaning === undefined || issue === undefined) throw new Error(`${name} is not described`)
    const unset = z.safeParse(variable, undefined)
    const fallback = unset.success ? String(unset.data ?? '–') : undefined
    return { name, allowed: issue.message.replace(/^must be /, ''), fallback, meaning }
  })
}

/** What `schema` says of `environment`, of which each variable by itself would do: the rules between variables. */
export function listRules(schema: z.ZodMiniObject, environment: Record<string, string>): string[] {
  const { issues = [] } = z.safeParse(schema, environment).error ?? {}
  return issues.map(({ path, message }) => `${path.join('.')} ${message}`)
}
