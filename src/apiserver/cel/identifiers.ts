const RESERVED = new Set([
  ...['true', 'false', 'null', 'in', 'as', 'break', 'const', 'continue', 'else', 'for', 'function', 'if', 'import', 'let'],
  ...['loop', 'package', 'namespace', 'return', 'var', 'void', 'while'],
])
const PARTS: { readonly [part: string]: string } = { __: '__underscores__', '-': '__dash__', '.': '__dot__', '/': '__slash__' }

/** A field's name as expressions write it; undefined for one that cannot be reached. k8s 1.36: cel Escape. */
export function escapedName(name: string): string | undefined {
  if (RESERVED.has(name)) return `__${name}__`
  if (!/^[a-zA-Z_.\-/][a-zA-Z0-9_.\-/]*$/.test(name)) return undefined
  return name.replace(/__|[-./]/g, (part) => PARTS[part] ?? part)
}
