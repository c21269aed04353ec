import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readShares } from '../../../bench/realdata/avito.ts';
import { percent, rounded, tableText } from '../../../bench/realdata/backtest.ts';
import { CsvError, numberOf, readCsv } from '../../../bench/realdata/csv.ts';
import { DATA_VARIABLE, findDataFolder, readDataFile } from '../../../bench/realdata/data-folder.ts';
import { readLineDays } from '../../../bench/realdata/display.ts';
import { readCustomers } from '../../../bench/realdata/hillstrom.ts';
import { readAuctions } from '../../../bench/realdata/ipinyou.ts';
import { readAds } from '../../../bench/realdata/kag.ts';
import { readLeads } from '../../../bench/realdata/olist.ts';
import { readOrders } from '../../../bench/realdata/orders.ts';
import { readInstalls } from '../../../bench/realdata/talkingdata.ts';
import { readLog } from '../../../bench/realdata/zozo.ts';

describe('tables of real data', () => {
  it('are read by the names of their columns, whatever their order and line ends', () => {
    expect(readCsv('b,a\r\n1,2\r\n3,4\r\n', ['a', 'b'])).toEqual([
      ['2', '1'],
      ['4', '3'],
    ]);
  });

  it('may have commas in quoted cells', () => {
    expect(readCsv('a,b,c\n1,"2, or 3","say ""x"""\n,"",\n', ['a', 'b', 'c'])).toEqual([
      ['1', '2, or 3', 'say "x"'],
      ['', '', ''],
    ]);
  });

  it('say what is wrong and where', () => {
    expect(() => readCsv('a,b\n1,2\n', ['c'])).toThrow('no column "c"; there is: a, b');
    expect(() => readCsv('a,b\n1,2\n1,2,3\n', ['a'])).toThrow('line 3 has 3 cells, the header 2');
    expect(() => readCsv('', ['a'])).toThrow(CsvError);
    expect(() => numberOf('')).toThrow(CsvError);
    expect(() => numberOf('1,5')).toThrow('"1,5" is no number');
  });

  it('become leads, with a deal where there is one', () => {
    expect(readLeads('first_contact_date,won_date\n2018-01-02,\n2018-01-03,2018-02-03 04:05:06\n')).toEqual([
      { contactMs: Date.UTC(2018, 0, 2), wonMs: null },
      { contactMs: Date.UTC(2018, 0, 3), wonMs: Date.UTC(2018, 1, 3, 4, 5, 6) },
    ]);
  });

  it('become days of lines, counted from the first', () => {
    const text =
      'date,campaign,user_engagement,banner,placement,cost,post_click_conversions\n' +
      '2020-04-02,c,High,160x600,,0.5,2\n2020-04-01,c,High,160x600,abc,1,0\n';
    expect(readLineDays(text)).toEqual([
      { line: 'c High 160x600 ', day: 1, cost: 0.5, conversions: 2 },
      { line: 'c High 160x600 abc', day: 0, cost: 1, conversions: 0 },
    ]);
  });

  it('become ads that spent, customers, orders, installs, impressions, auctions and shares', () => {
    expect(readAds('Spent,Approved_Conversion\n1.5,2\n0,1\n')).toEqual([{ exposure: 1.5, conversions: 2 }]);
    expect(readCustomers('segment,conversion,spend,history\nNo E-Mail,1,29.99,142.44\n')).toEqual([
      { arm: 'No E-Mail', converted: true, spend: 29.99, history: 142.44 },
    ]);
    expect(readOrders('at,value\n2017-06-01 00:10:00,17.0\n', { at: 'at', value: 'value' })).toEqual([
      { month: '2017-06', value: 17 },
    ]);
    expect(
      readInstalls(
        'app,click_time,attributed_time\n12,2017-11-07 09:30:38,\n12,2017-11-07 23:59:50,2017-11-08 00:00:05\n',
      ),
    ).toEqual([{ app: '12', delayMs: 15_000 }]);
    expect(
      readLog(
        'timestamp,item_id,position,click,propensity_score\n2019-11-24 00:01:03.979311+00:00,2,3,1,0.25\n',
      ),
    ).toEqual([{ day: '2019-11-24', item: '2', position: '3', click: 1, propensity: 0.25 }]);
    expect(readAuctions('click,market_price\n0,70\n')).toEqual([{ click: 0, price: 70 }]);
    const shares = readShares('region_id,dow,hour,traffic_share\n5,1,0,0.25\n5,7,23,0.5\n').get('5');
    expect([shares?.length, shares?.[0], shares?.[167]]).toEqual([168, 0.25, 0.5]);
  });
});

describe('the folder of the data', () => {
  it('is the variable’s, also where it holds nothing, else one beside the checkout', () => {
    const parent = mkdtempSync(path.join(os.tmpdir(), 'bidloop-data-'));
    const checkout = path.join(parent, 'checkout');
    mkdirSync(path.join(parent, 'other', 'data', 'known'), { recursive: true });
    mkdirSync(checkout);
    expect(findDataFolder(checkout, {}, ['known'])).toBe(path.join(parent, 'other', 'data'));
    expect(findDataFolder(checkout, {}, ['unknown'])).toBeNull();
    expect(findDataFolder(checkout, { [DATA_VARIABLE]: checkout }, ['known'])).toBe(checkout);
    expect(findDataFolder(checkout, { [DATA_VARIABLE]: path.join(parent, 'gone') }, ['known'])).toBeNull();
  });

  it('may hold files packed or as they are', () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'bidloop-data-'));
    mkdirSync(path.join(folder, 'set'));
    writeFileSync(path.join(folder, 'set', 'a.csv'), 'plain');
    writeFileSync(path.join(folder, 'set', 'b.csv.gz'), gzipSync('packed'));
    expect(['a.csv', 'b.csv', 'c.csv'].map((file) => readDataFile(folder, 'set', file))).toEqual([
      'plain',
      'packed',
      null,
    ]);
  });
});

describe('figures in words', () => {
  it('have four digits, signs and percent', () => {
    expect([rounded(1234.567), rounded(12), rounded(0.00123456)]).toEqual([1235, 12, 0.001235]);
    expect([percent(0.1234), percent(-0.05), percent(0.05, true)]).toEqual(['12.3 %', '−5.0 %', '+5.0 %']);
    expect(tableText({ caption: 'C', columns: ['a', 'b'], rows: [['x', 1.23456]] })).toBe(
      'C:\n\n| a   | b     |\n| --- | ----- |\n| x   | 1.235 |',
    );
  });
});
