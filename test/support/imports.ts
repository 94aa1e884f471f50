import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseSync, type Module } from '@swc/core';

export const ROOT = path.resolve(__dirname, '../..');

export interface SourceText {
  /** Relative to the root, with forward slashes. */
  file: string;
  text: string;
}

export interface ImportOf {
  file: string;
  /** A file below the root without its ending, or a package's name. */
  imported: string;
  lazy: boolean;
  /** Imports types only, which costs nothing when the program runs. */
  typeOnly: boolean;
}

/** Every TypeScript file below the folders. */
export function sourcesIn(folders: readonly string[]): SourceText[] {
  return folders.flatMap((folder) =>
    readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.m?ts$/.test(name))
      .map((name) => `${folder}/${name.replaceAll(path.sep, '/')}`)
      .map((file) => ({ file, text: readFileSync(path.join(ROOT, file), 'utf8') })),
  );
}

/** What a file imports, types included; dynamic imports are lazy. */
export function importsOf({ file, text }: SourceText): ImportOf[] {
  const module: Module = parseSync(text, { syntax: 'typescript', target: 'es2022' });
  const specifiers = module.body.flatMap((item) => {
    const source =
      item.type === 'ImportDeclaration' ||
      item.type === 'ExportNamedDeclaration' ||
      item.type === 'ExportAllDeclaration'
        ? item.source
        : undefined;
    return source ? [{ specifier: source.value, lazy: false, typeOnly: isTypeOnly(item) }] : [];
  });
  for (const [, specifier = ''] of text.matchAll(/\bimport\('([^']+)'\)/g))
    specifiers.push({ specifier, lazy: true, typeOnly: false });
  return specifiers.map(({ specifier, lazy, typeOnly }) => ({
    file,
    imported: resolved(file, specifier),
    lazy,
    typeOnly,
  }));
}

function isTypeOnly(item: Module['body'][number]): boolean {
  if (item.type === 'ExportNamedDeclaration') return (item as { typeOnly?: boolean }).typeOnly === true;
  if (item.type !== 'ImportDeclaration') return false;
  const named = item.specifiers.filter((one) => one.type === 'ImportSpecifier');
  return (
    item.typeOnly ||
    (named.length > 0 && named.length === item.specifiers.length && named.every((one) => one.isTypeOnly))
  );
}

function resolved(file: string, specifier: string): string {
  if (!specifier.startsWith('.')) return specifier;
  return path.posix.join(path.posix.dirname(file), specifier).replace(/\.m?js$/, '');
}
