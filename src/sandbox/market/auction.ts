import { errorFunction } from 'simple-statistics';

/** Log standard deviation of market prices per click. */
const PRICE_LOG_SD = 0.8;

function normalCdf(x: number): number {
  return 0.5 * (1 + errorFunction(x / Math.SQRT2));
}

/** Share of auctions that a bid per click wins when the market's price is log-normal around `medianPrice`. */
export function winShare(bid: number, medianPrice: number): number {
  if (bid <= 0) return 0;
  return normalCdf((Math.log(bid) - Math.log(medianPrice)) / PRICE_LOG_SD);
}

/** What a won click costs on average in a second-price auction: the mean of the prices below the bid. */
export function clickPrice(bid: number, medianPrice: number): number {
  const share = winShare(bid, medianPrice);
  if (share < 1e-9) return 0;
  const s = PRICE_LOG_SD;
  const z = (Math.log(bid) - Math.log(medianPrice)) / s;
  return Math.min(bid, (medianPrice * Math.exp((s * s) / 2) * normalCdf(z - s)) / share);
}
