import type { CommandOutput } from './command.ts'

/** A command that went well; the text gets its last line end. */
export function ok(text = ''): CommandOutput {
  return { stdout: text === '' || text.endsWith('\n') ? text : `${text}\n`, stderr: '', exitCode: 0 }
}

export function failed(message: string, exitCode = 1): CommandOutput {
  return { stdout: '', stderr: message.endsWith('\n') ? message : `${message}\n`, exitCode }
}

/** Lines of columns, as wide as their widest cell. */
export function columns(rows: readonly (readonly string[])[], gap = 1): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => (row[i] ?? '').length)))
  return rows
    .map((row) =>
      row
        .map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd((widths[i] ?? 0) + gap)))
        .join('')
        .trimEnd(),
    )
    .join('\n')
}
