-- Subcategories along the snowflake
SELECT c.EnglishProductCategoryName, count(*) AS subcategories, min(s.EnglishProductSubcategoryName)
FROM DimProductSubcategory s JOIN DimProductCategory c ON s.ProductCategoryKey = c.ProductCategoryKey
GROUP BY c.EnglishProductCategoryName ORDER BY 1;

-- Survey answers by category and subcategory
SELECT c.EnglishProductCategoryName, s.EnglishProductSubcategoryName, count(*) AS answers, count(DISTINCT f.CustomerKey)
FROM FactSurveyResponse f
JOIN DimProductSubcategory s ON f.ProductSubcategoryKey = s.ProductSubcategoryKey
JOIN DimProductCategory c ON s.ProductCategoryKey = c.ProductCategoryKey
GROUP BY 1, 2 ORDER BY answers DESC, 2 LIMIT 10;

-- Weather by month
SELECT origin, month, count(*), avg(temp), max(wind_gust), sum(precip), count(wind_gust)
FROM weather GROUP BY origin, month ORDER BY origin, month;

-- Days with the most rain
SELECT month, day, sum(precip) AS rain FROM weather WHERE precip > 0 GROUP BY month, day ORDER BY rain DESC, month, day LIMIT 5;

-- Finance by organisation and account type
SELECT o.OrganizationName, a.AccountType, count(*), sum(f.Amount)
FROM FactFinance f
JOIN DimOrganization o ON f.OrganizationKey = o.OrganizationKey
JOIN DimAccount a ON f.AccountKey = a.AccountKey
GROUP BY o.OrganizationName, a.AccountType ORDER BY 1, 2;

-- Finance of one scenario by year, with the departments
SELECT d.CalendarYear, g.DepartmentGroupName, sum(f.Amount)
FROM FactFinance f
JOIN DimDate d ON f.DateKey = d.DateKey
JOIN DimScenario s ON f.ScenarioKey = s.ScenarioKey
JOIN DimDepartmentGroup g ON f.DepartmentGroupKey = g.DepartmentGroupKey
WHERE s.ScenarioName = 'Actual'
GROUP BY d.CalendarYear, g.DepartmentGroupName ORDER BY 1, 2;

-- Accounts and their parents
SELECT a.AccountDescription, p.AccountDescription
FROM DimAccount a LEFT JOIN DimAccount p ON a.ParentAccountKey = p.AccountKey
ORDER BY a.AccountKey LIMIT 20;

-- Currencies without a rate
SELECT c.CurrencyName FROM DimCurrency c WHERE c.CurrencyKey NOT IN (SELECT CurrencyKey FROM FactCurrencyRate) ORDER BY 1;

-- Rates by currency and year
SELECT c.CurrencyName, d.CalendarYear, count(*), min(r.AverageRate), max(r.EndOfDayRate)
FROM FactCurrencyRate r JOIN DimCurrency c ON r.CurrencyKey = c.CurrencyKey JOIN DimDate d ON r.DateKey = d.DateKey
GROUP BY c.CurrencyName, d.CalendarYear ORDER BY 1, 2;

-- Planes by maker: seats, and how many have no speed
SELECT manufacturer, count(*) AS n, avg(seats), sum(CASE WHEN speed IS NULL THEN 1 ELSE 0 END)
FROM planes GROUP BY manufacturer HAVING count(*) >= 10 ORDER BY n DESC, manufacturer;

-- Resellers by country
SELECT g.EnglishCountryRegionName, r.BusinessType, count(*), sum(r.AnnualRevenue)
FROM DimReseller r JOIN DimGeography g ON r.GeographyKey = g.GeographyKey
GROUP BY 1, 2 ORDER BY 1, 2;

-- Airports that observe no daylight saving, the highest first
SELECT faa, name, alt FROM airports WHERE dst = 'N' ORDER BY alt DESC, faa LIMIT 5;
