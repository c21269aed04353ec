import type { ObservedConversion, ObservedHour } from './observation.ts';
import { ObservationProblem } from './problem.ts';

const HOUR_MS = 3_600_000;

/** One hour of cost with its start as ms. */
export interface HourFacts {
  readonly atMs: number;
  readonly spend: number;
  readonly clicks: number;
  readonly impressions: number;
  readonly visits: number;
}

export interface ConversionFacts {
  readonly event: string;
  readonly clickMs: number;
  readonly atMs: number;
  readonly value: number;
}

/** Hours and conversions of one object, hours in order. */
export interface ObservedFacts {
  readonly hours: readonly HourFacts[];
  readonly conversions: readonly ConversionFacts[];
}

type Path = readonly (string | number)[];

/** @throws ObservationProblem for a text that is no instant. */
export function instantMs(value: string | number, path: Path): number {
  const ms = typeof value === 'number' ? value : Date.parse(value);
  if (!Number.isFinite(ms) || Math.abs(ms) > 8.64e15)
    throw new ObservationProblem(
      path,
      `"${value}" is no instant`,
      'write "2026-11-23T14:00:00Z", or milliseconds since 1970',
    );
  return ms;
}

/**
 * Reads the hours and conversions of one object. Conversions that came later than `windowMs` after their click do not count:
 * they are not its click's.
 *
 * @throws ObservationProblem for hours that are given twice or do not begin at a full hour, and for conversions that are
 * known before they happened or happened before their click.
 */
export function readFacts(
  input: { readonly hours: readonly ObservedHour[]; readonly conversions: readonly ObservedConversion[] },
  at: { readonly nowMs: number; readonly windowMs: number },
  path: Path,
): ObservedFacts {
  const seen = new Set<number>();
  const hours = input.hours.map((hour, index): HourFacts => {
    const place = [...path, 'hours', index, 'at'];
    const atMs = instantMs(hour.at, place);
    // Zones lie whole quarters of an hour from UTC.
    if (atMs % (HOUR_MS / 4) !== 0)
      throw new ObservationProblem(
        place,
        `${String(hour.at)} does not begin an hour`,
        'give the start of each hour',
      );
    if (seen.has(atMs))
      throw new ObservationProblem(
        place,
        `the hour ${String(hour.at)} is given twice`,
        'add its cost up, or keep the restated one',
      );
    seen.add(atMs);
    return {
      atMs,
      spend: hour.spend,
      clicks: hour.clicks,
      impressions: hour.impressions ?? 0,
      visits: hour.visits ?? hour.clicks,
    };
  });
  hours.sort((a, b) => a.atMs - b.atMs);
  const conversions = input.conversions.map((conversion, index): ConversionFacts => {
    const place = [...path, 'conversions', index];
    const clickMs = instantMs(conversion.clickAt, [...place, 'clickAt']);
    const atMs = instantMs(conversion.at, [...place, 'at']);
    if (atMs > at.nowMs)
      throw new ObservationProblem(
        [...place, 'at'],
        `this conversion happens at ${String(conversion.at)}, after now`,
        'give only what is known by now',
      );
    if (atMs < clickMs)
      throw new ObservationProblem(
        [...place, 'at'],
        'this conversion happens before its click',
        'check clickAt and at, and their time zones',
      );
    return { event: conversion.event, clickMs, atMs, value: conversion.value ?? 0 };
  });
  return { hours, conversions: conversions.filter(({ atMs, clickMs }) => atMs - clickMs <= at.windowMs) };
}
