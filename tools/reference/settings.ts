// The environment variables of a service, from its schema. The error for a wrong value says which values are valid.
import * as z from 'zod/mini'

/** `allowed` continues "must be". `fallback` is the default, or undefined if the variable is required. */
export type Setting = {
  name: string
  allowed: string
  fallback: string | undefined
  meaning: string
}

/** No variable can have this value, because NUL ends a string of the environment. */
const WRONG = '\0'

/** Lists the settings in the schema's order. Throws if one has no meaning or accepts any value. */
export function listSettings(
  schema: z.ZodMiniObject,
  meanings: Readonly<Record<string, string>>,
): Setting[] {
  return Object.entries(schema.shape).map(([name, variable]) => {
    const meaning = meanings[name]
    const [issue] = z.safeParse(variable, WRONG).error?.issues ?? []
    if (meaning === undefined || issue === undefined) throw new Error(`${name} is not described`)
    const unset = z.safeParse(variable, undefined)
    const fallback = unset.success ? String(unset.data ?? '–') : undefined
    return { name, allowed: issue.message.replace(/^must be /, ''), fallback, meaning }
  })
}

/** Lists the rules between variables: what `schema` objects to in `environment`, where each value alone is valid. */
export function listRules(schema: z.ZodMiniObject, environment: Record<string, string>): string[] {
  const { issues = [] } = z.safeParse(schema, environment).error ?? {}
  return issues.map(({ path, message }) => `${path.join('.')} ${message}`)
}
