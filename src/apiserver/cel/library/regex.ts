/** Searching in texts. Source: k8s 1.36 cel/library/regex.go. */
import type { Environment } from '@marcbachmann/cel-js'
import { define, failure } from './define.ts'

/**
 * A pattern of RE2 as a JavaScript one. SIMPLIFIED: leading flags, named groups, \A and \z are translated; character
 * classes such as [[:alpha:]] are not.
 */
function compiled(pattern: string): RegExp {
  const [flags = '', letters = ''] = /^\(\?([ims]+)\)/.exec(pattern) ?? []
  const source = pattern
    .slice(flags.length)
    .replace(/\(\?P</g, '(?<')
    .replace(/\\A/g, '^')
    .replace(/\\z/g, '$')
  try {
    return new RegExp(source, `g${letters}`)
  } catch (error) {
    if (error instanceof SyntaxError) throw failure(`Illegal regex: ${error.message}`)
    throw error
  }
}

function findAll(text: string, pattern: string, limit = -1n): string[] {
  const found = [...text.matchAll(compiled(pattern))].map(([match]) => match)
  return limit < 0n ? found : found.slice(0, Number(limit))
}

export function regexLibrary(env: Environment): void {
  define(env, {
    'string.find(string): string': (text: string, pattern: string) => compiled(pattern).exec(text)?.[0] ?? '',
    'string.findAll(string): list<string>': (text: string, pattern: string) => findAll(text, pattern),
    'string.findAll(string, int): list<string>': findAll,
  })
}
