-- The real data sets of tests/real/run.sh, typed: nycflights13 (CC0) and the AdventureWorks data warehouse (MIT).

CREATE TABLE DimAccount (
    AccountKey INTEGER NOT NULL,
    ParentAccountKey INTEGER,
    AccountCodeAlternateKey INTEGER,
    ParentAccountCodeAlternateKey INTEGER,
    AccountDescription VARCHAR(50),
    AccountType VARCHAR(50),
    "operator" VARCHAR(50),
    CustomMembers VARCHAR(300),
    ValueType VARCHAR(50),
    CustomMemberOptions VARCHAR(200)
);

CREATE TABLE DimCurrency (
    CurrencyKey INTEGER NOT NULL,
    CurrencyAlternateKey CHAR(3) NOT NULL,
    CurrencyName VARCHAR(50) NOT NULL
);

CREATE TABLE DimDate (
    DateKey INTEGER NOT NULL,
    FullDateAlternateKey DATE NOT NULL,
    DayNumberOfWeek SMALLINT NOT NULL,
    EnglishDayNameOfWeek VARCHAR(10) NOT NULL,
    SpanishDayNameOfWeek VARCHAR(10) NOT NULL,
    FrenchDayNameOfWeek VARCHAR(10) NOT NULL,
    DayNumberOfMonth SMALLINT NOT NULL,
    DayNumberOfYear SMALLINT NOT NULL,
    WeekNumberOfYear SMALLINT NOT NULL,
    EnglishMonthName VARCHAR(10) NOT NULL,
    SpanishMonthName VARCHAR(10) NOT NULL,
    FrenchMonthName VARCHAR(10) NOT NULL,
    MonthNumberOfYear SMALLINT NOT NULL,
    CalendarQuarter SMALLINT NOT NULL,
    CalendarYear SMALLINT NOT NULL,
    CalendarSemester SMALLINT NOT NULL,
    FiscalQuarter SMALLINT NOT NULL,
    FiscalYear SMALLINT NOT NULL,
    FiscalSemester SMALLINT NOT NULL
);

CREATE TABLE DimDepartmentGroup (
    DepartmentGroupKey INTEGER NOT NULL,
    ParentDepartmentGroupKey INTEGER,
    DepartmentGroupName VARCHAR(50)
);

CREATE TABLE DimGeography (
    GeographyKey INTEGER NOT NULL,
    City VARCHAR(30),
    StateProvinceCode VARCHAR(3),
    StateProvinceName VARCHAR(50),
    CountryRegionCode VARCHAR(3),
    EnglishCountryRegionName VARCHAR(50),
    SpanishCountryRegionName VARCHAR(50),
    FrenchCountryRegionName VARCHAR(50),
    PostalCode VARCHAR(15),
    SalesTerritoryKey INTEGER,
    IpAddressLocator VARCHAR(15)
);

CREATE TABLE DimOrganization (
    OrganizationKey INTEGER NOT NULL,
    ParentOrganizationKey INTEGER,
    PercentageOfOwnership VARCHAR(16),
    OrganizationName VARCHAR(50),
    CurrencyKey INTEGER
);

CREATE TABLE DimProductCategory (
    ProductCategoryKey INTEGER NOT NULL,
    ProductCategoryAlternateKey INTEGER,
    EnglishProductCategoryName VARCHAR(50) NOT NULL,
    SpanishProductCategoryName VARCHAR(50) NOT NULL,
    FrenchProductCategoryName VARCHAR(50) NOT NULL
);

CREATE TABLE DimProductSubcategory (
    ProductSubcategoryKey INTEGER NOT NULL,
    ProductSubcategoryAlternateKey INTEGER,
    EnglishProductSubcategoryName VARCHAR(50) NOT NULL,
    SpanishProductSubcategoryName VARCHAR(50) NOT NULL,
    FrenchProductSubcategoryName VARCHAR(50) NOT NULL,
    ProductCategoryKey INTEGER
);

CREATE TABLE DimPromotion (
    PromotionKey INTEGER NOT NULL,
    PromotionAlternateKey INTEGER,
    EnglishPromotionName VARCHAR(255),
    SpanishPromotionName VARCHAR(255),
    FrenchPromotionName VARCHAR(255),
    DiscountPct DOUBLE PRECISION,
    EnglishPromotionType VARCHAR(50),
    SpanishPromotionType VARCHAR(50),
    FrenchPromotionType VARCHAR(50),
    EnglishPromotionCategory VARCHAR(50),
    SpanishPromotionCategory VARCHAR(50),
    FrenchPromotionCategory VARCHAR(50),
    StartDate TIMESTAMP NOT NULL,
    EndDate TIMESTAMP,
    MinQty INTEGER,
    MaxQty INTEGER
);

CREATE TABLE DimReseller (
    ResellerKey INTEGER NOT NULL,
    GeographyKey INTEGER,
    ResellerAlternateKey VARCHAR(15),
    Phone VARCHAR(25),
    BusinessType VARCHAR(20) NOT NULL,
    ResellerName VARCHAR(50) NOT NULL,
    NumberEmployees INTEGER,
    OrderFrequency CHAR(1),
    OrderMonth SMALLINT,
    FirstOrderYear INTEGER,
    LastOrderYear INTEGER,
    ProductLine VARCHAR(50),
    AddressLine1 VARCHAR(60),
    AddressLine2 VARCHAR(60),
    AnnualSales DECIMAL(19,4),
    BankName VARCHAR(50),
    MinPaymentType SMALLINT,
    MinPaymentAmount DECIMAL(19,4),
    AnnualRevenue DECIMAL(19,4),
    YearOpened INTEGER
);

CREATE TABLE DimScenario (
    ScenarioKey INTEGER NOT NULL,
    ScenarioName VARCHAR(50)
);

CREATE TABLE FactCallCenter (
    FactCallCenterID INTEGER NOT NULL,
    DateKey INTEGER NOT NULL,
    WageType VARCHAR(15) NOT NULL,
    Shift VARCHAR(20) NOT NULL,
    LevelOneOperators SMALLINT NOT NULL,
    LevelTwoOperators SMALLINT NOT NULL,
    TotalOperators SMALLINT NOT NULL,
    Calls INTEGER NOT NULL,
    AutomaticResponses INTEGER NOT NULL,
    Orders INTEGER NOT NULL,
    IssuesRaised SMALLINT NOT NULL,
    AverageTimePerIssue SMALLINT NOT NULL,
    ServiceGrade DOUBLE PRECISION NOT NULL,
    "date" TIMESTAMP
);

CREATE TABLE FactCurrencyRate (
    CurrencyKey INTEGER NOT NULL,
    DateKey INTEGER NOT NULL,
    AverageRate DOUBLE PRECISION NOT NULL,
    EndOfDayRate DOUBLE PRECISION NOT NULL,
    "date" TIMESTAMP
);

CREATE TABLE FactFinance (
    FinanceKey INTEGER NOT NULL,
    DateKey INTEGER NOT NULL,
    OrganizationKey INTEGER NOT NULL,
    DepartmentGroupKey INTEGER NOT NULL,
    ScenarioKey INTEGER NOT NULL,
    AccountKey INTEGER NOT NULL,
    Amount DOUBLE PRECISION NOT NULL,
    "date" TIMESTAMP
);

CREATE TABLE FactInternetSalesReason (
    SalesOrderNumber VARCHAR(20) NOT NULL,
    SalesOrderLineNumber SMALLINT NOT NULL,
    SalesReasonKey INTEGER NOT NULL
);

CREATE TABLE FactSalesQuota (
    SalesQuotaKey INTEGER NOT NULL,
    EmployeeKey INTEGER NOT NULL,
    DateKey INTEGER NOT NULL,
    CalendarYear SMALLINT NOT NULL,
    CalendarQuarter SMALLINT NOT NULL,
    SalesAmountQuota DECIMAL(19,4) NOT NULL,
    "date" TIMESTAMP
);

CREATE TABLE FactSurveyResponse (
    SurveyResponseKey INTEGER NOT NULL,
    DateKey INTEGER NOT NULL,
    CustomerKey INTEGER NOT NULL,
    ProductCategoryKey INTEGER NOT NULL,
    EnglishProductCategoryName VARCHAR(50) NOT NULL,
    ProductSubcategoryKey INTEGER NOT NULL,
    EnglishProductSubcategoryName VARCHAR(50) NOT NULL,
    "date" TIMESTAMP
);

CREATE TABLE airlines (carrier VARCHAR(2) NOT NULL, name VARCHAR(50) NOT NULL);

CREATE TABLE airports (
    faa VARCHAR(3) NOT NULL,
    name VARCHAR(60) NOT NULL,
    lat DOUBLE PRECISION NOT NULL,
    lon DOUBLE PRECISION NOT NULL,
    alt INTEGER NOT NULL,
    tz SMALLINT,
    dst VARCHAR(1),
    tzone VARCHAR(40)
);

CREATE TABLE planes (
    tailnum VARCHAR(6) NOT NULL,
    year SMALLINT,
    type VARCHAR(30),
    manufacturer VARCHAR(40),
    model VARCHAR(20),
    engines SMALLINT,
    seats SMALLINT,
    speed SMALLINT,
    engine VARCHAR(20)
);

CREATE TABLE weather (
    origin VARCHAR(3) NOT NULL,
    year SMALLINT NOT NULL,
    month SMALLINT NOT NULL,
    day SMALLINT NOT NULL,
    hour SMALLINT NOT NULL,
    temp DOUBLE PRECISION,
    dewp DOUBLE PRECISION,
    humid DOUBLE PRECISION,
    wind_dir SMALLINT,
    wind_speed DOUBLE PRECISION,
    wind_gust DOUBLE PRECISION,
    precip DOUBLE PRECISION,
    pressure DOUBLE PRECISION,
    visib DOUBLE PRECISION,
    time_hour TIMESTAMP NOT NULL
);
